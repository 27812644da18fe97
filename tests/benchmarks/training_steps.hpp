// SPDX-License-Identifier: BSD-3-Clause
// The same training steps with xtape, with libtorch and, of a perceptron, written by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "steps.hpp"

namespace benchmarks {

struct Layer {
  Numbers weight;  ///< (out, in); of a convolution (out, in, rows, columns)
  Numbers bias;    ///< (out)

  bool is_convolution() const { return weight.shape.size() == 4; }
};

/// Layers, with relu between them, and a batch for them. A convolution has no padding and stride 1, and a
/// max-pool of 2 behind its relu.
struct Network {
  std::vector<Layer> layers;
  Numbers x;  ///< (batch, features), or (batch, channels, rows, columns)
  std::vector<std::int64_t> classes;
};

/// @param widths  of the features, the layers between, and the classes.
Network network(const std::vector<std::size_t>& widths, std::size_t batch);

/// Convolutions of 3x3 over square images, then one linear layer.
/// @param channels  of the images and of each convolution's output.
Network convolutional_network(std::size_t image, const std::vector<std::size_t>& channels,
                              std::size_t classes, std::size_t batch);

enum class Optimizer { sgd, adam };

/// So small that thousands of steps with the same batch leave the work the same.
inline constexpr double learning_rate = 1e-6;

// Their results are the loss, a mean of softmax cross-entropy, and the gradients of all weights and biases,
// layer by layer; those of inference, without gradients, are the logits.

namespace with_xtape {
std::unique_ptr<Step> training(const Network& network, Optimizer optimizer);
std::unique_ptr<Step> inference(const Network& network);
}  // namespace with_xtape

namespace with_torch {
std::unique_ptr<Step> training(const Network& network, Optimizer optimizer);
std::unique_ptr<Step> inference(const Network& network);
}  // namespace with_torch

namespace by_hand {
std::unique_ptr<Step> training(const Network& network, Optimizer optimizer);
std::unique_ptr<Step> inference(const Network& network);
}  // namespace by_hand

}  // namespace benchmarks
