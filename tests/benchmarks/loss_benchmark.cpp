// SPDX-License-Identifier: BSD-3-Clause
// loss_benchmark [FILE]: times xtape and libtorch in turns on the same arrays, forward and backward together,
// in float. Prints a table and writes it to the file, benchmarks.json if not given. Then prints what an
// element costs by the number of classes.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>

#include "steps.hpp"
#include "timing.hpp"
#include "xtape/core/error.hpp"
#include "xtape/core/random.hpp"

namespace {

using namespace benchmarks;

// The same step on both sides.
struct Pair {
  std::size_t elements;  // that are read, and of which each gets a gradient
  std::unique_ptr<Step> xtape, torch;
};

struct Row {
  std::string name;
  std::size_t threads;
  double xtape, torch, aim, floor;  // seconds, but aim is the ratio that we aim for

  double ratio() const { return torch / xtape; }
  double of_floor() const { return xtape / floor; }
};

Numbers uniform(std::vector<std::size_t> shape, double low, double high, std::uint64_t seed) {
  xtape::Random random(seed);
  std::size_t elements = 1;
  for (const std::size_t extent : shape) elements *= extent;
  std::vector<float> values(elements);
  for (float& value : values) value = static_cast<float>(random.uniform(low, high));
  return {std::move(shape), std::move(values)};
}

Numbers logits(std::vector<std::size_t> shape) { return uniform(std::move(shape), -4, 4, 1); }

std::vector<std::int64_t> class_indices(std::size_t rows, std::size_t classes) {
  xtape::Random random(2);
  std::vector<std::int64_t> labels(rows);
  for (auto& label : labels) label = static_cast<std::int64_t>(random.below(classes));
  return labels;
}

Numbers distributions(std::size_t rows, std::size_t classes) {
  Numbers labels = uniform({rows, classes}, 0, 1, 2);
  for (std::size_t r = 0; r < rows; ++r) {
    float* const row = labels.values.data() + r * classes;
    const float sum = std::accumulate(row, row + classes, 0.0F);
    std::for_each(row, row + classes, [sum](float& label) { label /= sum; });
  }
  return labels;
}

Pair softmax(std::size_t rows, std::size_t classes) {
  const Numbers x = logits({rows, classes});
  const auto labels = class_indices(rows, classes);
  return {rows * classes, with_xtape::softmax_cross_entropy(x, labels),
          with_torch::softmax_cross_entropy(x, labels)};
}

Pair softmax_with_options(std::size_t rows, std::size_t classes) {
  const Numbers x = logits({rows, classes}), labels = distributions(rows, classes);
  const Numbers weights = uniform({classes}, 0.5, 1.5, 3);
  return {rows * classes, with_xtape::softmax_cross_entropy(x, labels, weights, 0.1),
          with_torch::softmax_cross_entropy(x, labels, weights, 0.1)};
}

Pair sigmoid(std::size_t elements) {
  const Numbers x = logits({elements});
  Numbers labels = uniform({elements}, 0, 1, 2);
  for (float& label : labels.values) label = std::round(label);
  return {elements, with_xtape::sigmoid_cross_entropy(x, labels),
          with_torch::sigmoid_cross_entropy(x, labels)};
}

Pair softmax_and_log_softmax(std::size_t rows, std::size_t classes) {
  const Numbers x = logits({rows, classes}), output_gradient = uniform({rows, classes}, -1, 1, 2);
  return {rows * classes, with_xtape::softmax_and_log_softmax(x, output_gradient),
          with_torch::softmax_and_log_softmax(x, output_gradient)};
}

Pair add_row(std::size_t rows, std::size_t classes) {
  const Numbers x = logits({rows, classes}), output_gradient = uniform({rows, classes}, -1, 1, 2);
  const Numbers row = uniform({classes}, -1, 1, 3);
  return {rows * classes, with_xtape::add(x, row, output_gradient), with_torch::add(x, row, output_gradient)};
}

// Relative to each number, or to the largest where a sum of numbers like it has cancelled out.
bool agree(const std::vector<float>& ours, const std::vector<float>& theirs) {
  float largest = 0;
  for (const float value : theirs) largest = std::max(largest, std::abs(value));
  return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(), [largest](float a, float b) {
    return std::abs(a - b) <= 1e-4F * std::abs(b) + 1e-5F * largest;
  });
}

// Times of two different computations would say nothing.
void require_agreement(const std::string& name, const Pair& pair) {
  const Step::Results ours = pair.xtape->results(), theirs = pair.torch->results();
  for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
    if (agree(ours.at(i), theirs.at(i))) continue;
    throw xtape::Error(
        fmt::format("{}: xtape and libtorch must agree, got other numbers in result {}", name, i));
  }
}

// libtorch has the best of its settings.
Row measure(const std::string& name, double aim, const Pair& pair, std::size_t threads) {
  const int most = static_cast<int>(threads);
  with_xtape::set_threads(threads);
  with_torch::set_threads(most, most);
  require_agreement(name, pair);

  std::vector<Side> sides{{[] {}, [&] { pair.xtape->run(); }}};
  for (int own = 1; own <= most; ++own) {
    for (int of_openblas = 1; of_openblas <= most; ++of_openblas) {
      sides.push_back({[=] { with_torch::set_threads(own, of_openblas); }, [&] { pair.torch->run(); }});
    }
  }
  const std::vector<double> times = best_times(sides, 1.5);
  return {name,     threads,
          times[0], *std::min_element(times.begin() + 1, times.end()),
          aim,      copy_time(pair.elements * sizeof(float), threads)};
}

class Table {
 public:
  Table() {
    fmt::print("{:70} {:>7} {:>11} {:>11} {:>6} {:>4} {:>11} {:>8}\n", "forward and backward, float",
               "threads", "xtape µs", "libtorch µs", "ratio", "aim", "floor µs", "of floor");
  }

  void add(const std::string& name, double aim, const Pair& pair) {
    for (std::size_t threads = 1; threads <= 2; ++threads) {
      rows_.push_back(measure(name, aim, pair, threads));
      print(rows_.back());
    }
  }

  void write(const std::string& path) const {
    auto list = nlohmann::ordered_json::array();
    for (const Row& row : rows_) {
      list.push_back({{"name", row.name},
                      {"threads", row.threads},
                      {"xtape_us", row.xtape * 1e6},
                      {"libtorch_us", row.torch * 1e6},
                      {"ratio", row.ratio()},
                      {"floor_us", row.floor * 1e6},
                      {"of_floor", row.of_floor()}});
    }
    std::ofstream file(path);
    file << list.dump(2) << '\n';
    if (!file.flush()) throw xtape::Error(path + ": the file must be writable");
  }

 private:
  static void print(const Row& row) {
    fmt::print("{:70} {:7} {:11.2f} {:11.2f} {:6.2f} {:4} {:11.2f} {:8.2f}\n", row.name, row.threads,
               row.xtape * 1e6, row.torch * 1e6, row.ratio(), row.aim, row.floor * 1e6, row.of_floor());
    std::fflush(stdout);
  }

  std::vector<Row> rows_;
};

// libtorch allocates anew in each step. glibc settles on keeping freed arrays of up to 32 MB, except when
// they happen to lie at the end of the heap: then page faults double the time. Here it always keeps those.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

void compare_with_libtorch(const std::string& path) {
  keep_freed_memory();
  Table table;
  table.add("softmax 64 x 10", 15, softmax(64, 10));
  table.add("softmax 65536 x 10", 7, softmax(65536, 10));
  table.add("softmax 128 x 1000", 4, softmax(128, 1000));
  table.add("softmax 4096 x 1000", 6, softmax(4096, 1000));
  table.add("softmax 1024 x 32000", 9, softmax(1024, 32000));
  table.add("softmax with soft labels, smoothing 0.1 and class weights, 4096 x 1000", 5,
            softmax_with_options(4096, 1000));
  table.add("sigmoid 10^3", 12, sigmoid(1'000));
  table.add("sigmoid 10^6", 4, sigmoid(1'000'000));
  table.add("sigmoid 10^7", 9, sigmoid(10'000'000));
  table.add("softmax + log_softmax ops, 4096 x 1000", 2, softmax_and_log_softmax(4096, 1000));
  table.add("broadcasting add of a row, 4096 x 1000", 1, add_row(4096, 1000));
  table.write(path);
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
  try {
    compare_with_libtorch(argc > 1 ? argv[1] : "benchmarks.json");
    compare_numbers_of_classes();
  } catch (const std::exception& error) {
    fmt::print(stderr, "loss_benchmark: {}\n", error.what());
    return 1;
  }
}
