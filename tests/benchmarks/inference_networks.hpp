// SPDX-License-Identifier: BSD-3-Clause
// The networks of the predictor benchmark, which xtape and others build each for themselves.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace benchmarks {

enum class InferenceNetwork { dense_784_10, dense_64_128_10, digits_cnn };

// A call of a network with one row, on one thread.

namespace with_torch {
/// In libtorch's inference mode.
std::function<void()> inference(InferenceNetwork network);
}  // namespace with_torch

namespace with_onnx_runtime {
/// Of a model that xtape has exported.
/// @param input_shape  of a batch of one.
std::function<void()> inference(const std::string& file, const std::vector<std::int64_t>& input_shape);
}  // namespace with_onnx_runtime

namespace with_rtneural {
/// Of a model whose layers are known when it is compiled; nothing for layers that RTNeural has not.
std::function<void()> inference(InferenceNetwork network);
}  // namespace with_rtneural

}  // namespace benchmarks
