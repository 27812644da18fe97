// SPDX-License-Identifier: BSD-3-Clause
// A layer as dlib and mlpack hold it: the weights as (in, out), and the biases behind them.
#pragma once

#include <cstddef>

#include "training_steps.hpp"

namespace benchmarks {

void write_transposed(const Layer& layer, float* to);

/// The gradients of weights and biases, as other sides have them.
void append_transposed(const float* gradients, std::size_t in, std::size_t out, Step::Results& results);

}  // namespace benchmarks
