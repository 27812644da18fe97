// SPDX-License-Identifier: BSD-3-Clause
// How the time of a training step grows with the width of the network and with the batch: where it is
// overhead, where it is arithmetic.
#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "timing.hpp"
#include "training_steps.hpp"
#include "xtape/threads/threads.hpp"

namespace {

using namespace benchmarks;

constexpr std::size_t classes = 10;
const std::vector<std::size_t> widths{16, 32, 64, 128, 256, 512, 1024, 2048};
const std::vector<std::size_t> batches{1, 4, 16, 64, 256, 1024};

double seconds_of_step(std::size_t width, std::size_t batch) {
  const auto step = with_xtape::training(network({width, width, classes}, batch), Optimizer::sgd);
  return best_times({{[] {}, [&] { step->run(); }}}, 0.3)[0];
}

// Three products for each layer, in and out of a multiply and an add each: the output, the gradient of the
// weights, and that of the input, which the first layer does without.
double operations_of_step(std::size_t width, std::size_t batch) {
  const double hidden = static_cast<double>(width * width), last = static_cast<double>(width * classes);
  return static_cast<double>(batch) * (4 * hidden + 6 * last);
}

void print_row(const std::string& name, const std::function<std::string(std::size_t)>& cell) {
  fmt::print("{:>7}", name);
  for (std::size_t i = 0; i < batches.size(); ++i) fmt::print(" {:>11}", cell(i));
  fmt::print("\n");
  std::fflush(stdout);
}

void print_title(const std::string& title) {
  fmt::print("\n{}\n", title);
  print_row("width", [](std::size_t i) { return fmt::format("batch {}", batches[i]); });
}

}  // namespace

int main() {
  xtape::set_num_threads(1);
  std::vector<std::vector<double>> seconds;
  print_title("training step width-width-10, float, SGD, 1 thread: µs");
  for (const std::size_t width : widths) {
    auto& row = seconds.emplace_back();
    print_row(std::to_string(width), [&](std::size_t i) {
      row.push_back(seconds_of_step(width, batches[i]));
      return fmt::format("{:.2f}", row[i] * 1e6);
    });
  }

  print_title("the same as arithmetic rate of its matrix products: GFLOP/s");
  for (std::size_t w = 0; w < widths.size(); ++w) {
    print_row(std::to_string(widths[w]), [&](std::size_t i) {
      return fmt::format("{:.2f}", operations_of_step(widths[w], batches[i]) / seconds[w][i] * 1e-9);
    });
  }
}
