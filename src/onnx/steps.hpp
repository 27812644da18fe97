// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "onnx/chain.hpp"
#include "xtape/inference/pipeline.hpp"

namespace xtape::onnx {

// Reads the steps that stand before the first layer. knows_outputs: whether the pipeline already says what
// the outputs are.
template <class T>
void read_first_steps(Chain<T>& chain, inference::Pipeline<T>& pipeline, bool knows_outputs);

// Reads what makes probabilities of what the layers before give, if it stands here and leads to the output.
template <class T>
bool read_last_steps(Chain<T>& chain, inference::Pipeline<T>& pipeline, bool knows_outputs);

}  // namespace xtape::onnx
