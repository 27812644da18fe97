// SPDX-License-Identifier: BSD-3-Clause
// The same training steps of a perceptron with xtape, with libtorch, and written by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "steps.hpp"

namespace benchmarks {

struct Layer {
  Numbers weight;  ///< (out, in)
  Numbers bias;    ///< (out)
};

/// A perceptron, with relu between its layers, and a batch for it.
struct Network {
  std::vector<Layer> layers;
  Numbers x;  ///< (batch, features)
  std::vector<std::int64_t> classes;
};

/// @param widths  of the features, the layers between, and the classes.
Network network(const std::vector<std::size_t>& widths, std::size_t batch);

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
