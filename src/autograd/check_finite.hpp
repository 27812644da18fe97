// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/node.hpp"

namespace xtape::detail {

// Throws NonFiniteError if the node's operation handed on a NaN, or made a NaN or an infinity of its inputs.
template <class T>
void check_finite(const Node<T>& node);

}  // namespace xtape::detail
