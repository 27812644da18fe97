// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/shape.hpp"
#include "xtape/nn/module.hpp"

namespace xtape::inference {

// Throws ArgumentError unless add_to() of a model computes what its forward() does: both are given the same
// drawn rows, in evaluation mode. The message names the module, those of a Sequential one by one. Whoever
// trusts a graph calls it first. Whatever the model itself throws of such rows goes on.
template <class T>
void require_true_graph(const char* function, nn::Module<T>& model, const Shape& row);

}  // namespace xtape::inference
