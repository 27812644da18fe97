// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "comparison.hpp"
#include "numbers.hpp"

namespace benchmarks {
namespace {

Contest softmax(std::size_t rows, std::size_t classes) {
  const Numbers x = logits({rows, classes});
  const auto labels = class_indices(rows, classes);
  return {with_xtape::softmax_cross_entropy(x, labels), with_torch::softmax_cross_entropy(x, labels), nullptr,
          rows * classes};
}

Contest softmax_with_options(std::size_t rows, std::size_t classes) {
  const Numbers x = logits({rows, classes}), labels = distributions(rows, classes);
  const Numbers weights = uniform({classes}, 0.5, 1.5, 3);
  return {with_xtape::softmax_cross_entropy(x, labels, weights, 0.1),
          with_torch::softmax_cross_entropy(x, labels, weights, 0.1), nullptr, rows * classes};
}

Contest sigmoid(std::size_t elements) {
  const Numbers x = logits({elements});
  Numbers labels = uniform({elements}, 0, 1, 2);
  for (float& label : labels.values) label = std::round(label);
  return {with_xtape::sigmoid_cross_entropy(x, labels), with_torch::sigmoid_cross_entropy(x, labels), nullptr,
          elements};
}

Contest softmax_and_log_softmax(std::size_t rows, std::size_t classes) {
  const Numbers x = logits({rows, classes}), output_gradient = uniform({rows, classes}, -1, 1, 2);
  return {with_xtape::softmax_and_log_softmax(x, output_gradient),
          with_torch::softmax_and_log_softmax(x, output_gradient), nullptr, rows * classes};
}

Contest add_row(std::size_t rows, std::size_t classes) {
  const Numbers x = logits({rows, classes}), output_gradient = uniform({rows, classes}, -1, 1, 2);
  const Numbers row = uniform({classes}, -1, 1, 3);
  return {with_xtape::add(x, row, output_gradient), with_torch::add(x, row, output_gradient), nullptr,
          rows * classes};
}

// With so many classes a loss should come near what its memory takes.
constexpr double of_copy = 2;

}  // namespace

void compare_losses(Table& table) {
  table.add("softmax 64 x 10", {15}, [] { return softmax(64, 10); });
  table.add("softmax 65536 x 10", {7}, [] { return softmax(65536, 10); });
  table.add("softmax 128 x 1000", {4}, [] { return softmax(128, 1000); });
  table.add("softmax 4096 x 1000", {6, of_copy}, [] { return softmax(4096, 1000); });
  table.add("softmax 1024 x 32000", {9, of_copy}, [] { return softmax(1024, 32000); });
  table.add("softmax with soft labels, smoothing 0.1 and class weights, 4096 x 1000", {5},
            [] { return softmax_with_options(4096, 1000); });
  table.add("sigmoid 10^3", {12}, [] { return sigmoid(1'000); });
  table.add("sigmoid 10^6", {4}, [] { return sigmoid(1'000'000); });
  table.add("sigmoid 10^7", {9}, [] { return sigmoid(10'000'000); });
  table.add("softmax + log_softmax ops, 4096 x 1000", {2},
            [] { return softmax_and_log_softmax(4096, 1000); });
  table.add("broadcasting add of a row, 4096 x 1000", {1}, [] { return add_row(4096, 1000); });
}

}  // namespace benchmarks
