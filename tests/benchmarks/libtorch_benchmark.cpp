// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>

#include "comparison.hpp"
#include "numbers.hpp"
#include "timing.hpp"
#include "xtape/core/simd.hpp"

extern "C" {
char* openblas_get_config();
char* openblas_get_corename();
}

namespace {

using namespace benchmarks;

// libtorch allocates anew in each step. glibc settles on keeping freed arrays of up to 32 MB, except when
// they happen to lie at the end of the heap: then page faults double the time. Here it always keeps those.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

void compare_numbers_of_classes() {
  const std::vector<std::size_t> classes{2,  3,  5,  8,  10,  16,  17,  31,   32,
                                         33, 63, 64, 65, 100, 128, 257, 1000, 4097};
  constexpr std::size_t elements = 1 << 20;
  std::vector<std::unique_ptr<Step>> steps;
  std::vector<Side> sides;
  for (const std::size_t count : classes) {
    const std::size_t rows = elements / count;
    steps.push_back(with_xtape::softmax_cross_entropy(logits({rows, count}), class_indices(rows, count)));
    sides.push_back({[] {}, [step = steps.back().get()] { step->run(); }});
  }
  with_xtape::set_threads(1);
  std::vector<double> ns = best_times(sides, 5);
  for (std::size_t i = 0; i < ns.size(); ++i) {
    ns[i] *= 1e9 / static_cast<double>(elements / classes[i] * classes[i]);
  }

  fmt::print("\nsoftmax cross-entropy, forward and backward, float, 1 thread\n");
  fmt::print("{:>7} {:>14} {:>35}\n", "classes", "ns per element", "of its larger neighbour (aim: <= 2.5)");
  for (std::size_t i = 0; i < ns.size(); ++i) {
    const double before = i > 0 ? ns[i - 1] : 0, after = i + 1 < ns.size() ? ns[i + 1] : 0;
    fmt::print("{:7} {:14.3f} {:35.2f}\n", classes[i], ns[i], ns[i] / std::max(before, after));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = "benchmarks.json", only;
  CLI::App app(
      "Times xtape and libtorch in turns on the same arrays. Prints a table and writes it to a file.");
  app.option_defaults()->always_capture_default();
  app.add_option("file", file, "where the table goes, as JSON");
  app.add_option("--only", only, "run those whose names contain this, and no other table");
  CLI11_PARSE(app, argc, argv);
  try {
    keep_freed_memory();
    fmt::print("The BLAS of all sides: {}, kernels for {}; xtape's loops: {}\n", openblas_get_config(),
               openblas_get_corename(), xtape::simd_name());
    Table table(only);
    compare_losses(table);
    compare_training_steps(table);
    table.write(file);
    if (only.empty()) compare_numbers_of_classes();
  } catch (const std::exception& error) {
    fmt::print(stderr, "libtorch_benchmark: {}\n", error.what());
    return 1;
  }
}
