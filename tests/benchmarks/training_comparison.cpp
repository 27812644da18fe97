// SPDX-License-Identifier: BSD-3-Clause
#include "comparison.hpp"
#include "numbers.hpp"
#include "peak_memory.hpp"
#include "training_steps.hpp"

namespace benchmarks {
namespace {

Contest training(const std::vector<std::size_t>& widths, std::size_t batch, Optimizer optimizer) {
  const Network same = network(widths, batch);
  return {with_xtape::training(same, optimizer), with_torch::training(same, optimizer),
          by_hand::training(same, optimizer)};
}

Contest convolutional_training() {
  const Network same = convolutional_network(28, {1, 16, 32}, 10, 64);
  return {with_xtape::training(same, Optimizer::adam), with_torch::training(same, Optimizer::adam), nullptr};
}

Contest inference(const std::vector<std::size_t>& widths, std::size_t batch) {
  const Network same = network(widths, batch);
  return {with_xtape::inference(same), with_torch::inference(same), by_hand::inference(same)};
}

Contest linear_cross_entropy(std::size_t rows, std::size_t in, std::size_t classes) {
  release_freed_memory();
  const Numbers features = uniform({rows, in}, -1, 1, 4), weight = uniform({classes, in}, -0.1, 0.1, 5),
                bias = uniform({classes}, -0.1, 0.1, 25);
  const auto labels = class_indices(rows, classes);
  Contest result{with_xtape::linear_softmax_cross_entropy(features, weight, bias, labels),
                 with_torch::linear_softmax_cross_entropy(features, weight, bias, labels), nullptr};
  result.gradient_bytes = (rows * in + classes * in + classes) * sizeof(float);
  return result;
}

}  // namespace

void compare_training_steps(Table& table) {
  table.add("step 4-16-3, batch 32, SGD", {20, 1.3}, [] { return training({4, 16, 3}, 32, Optimizer::sgd); });
  table.add("step 64-128-10, batch 64, Adam", {3.3, 1.15}, [] {
    return training({64, 128, 10}, 64, Optimizer::adam);
  });
  table.add("step 784-256-128-10, batch 128, Adam", {1.5, 1.1}, [] {
    return training({784, 256, 128, 10}, 128, Optimizer::adam);
  });
  table.add("step 1024-1024-1024-10, batch 256, SGD", {1, 1.05}, [] {
    return training({1024, 1024, 1024, 10}, 256, Optimizer::sgd);
  });
  table.add("step 1x28x28, conv 16 and 32 of 3x3 unpadded + pool, 10, batch 64, Adam",
            {.ratio = 3, .microseconds = 2600}, convolutional_training);
  table.add("linear + cross-entropy, 1024 x 256 features, 32000 classes", {1.3},
            [] { return linear_cross_entropy(1024, 256, 32000); });
  table.add("inference 64-128-10, batch 1", {10, 1.4}, [] { return inference({64, 128, 10}, 1); });
}

}  // namespace benchmarks
