// SPDX-License-Identifier: BSD-3-Clause
// The networks of the predictor benchmark, which xtape and libtorch build each for themselves.
#pragma once

#include <functional>

namespace benchmarks {

enum class InferenceNetwork { dense_784_10, dense_64_128_10, digits_cnn };

namespace with_torch {
/// A call of the network with one row, in libtorch's inference mode on one thread.
std::function<void()> inference(InferenceNetwork network);
}  // namespace with_torch

}  // namespace benchmarks
