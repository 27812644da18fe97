// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

#include "xtape/autograd/node.hpp"

namespace xtape::detail {

// As fmt writes it, a NaN would show its sign.
inline const char* in_words(double not_finite) {
  return std::isnan(not_finite) ? "nan" : not_finite > 0 ? "inf" : "-inf";
}

// Throws NonFiniteError if the node's operation handed on a NaN, or made a NaN or an infinity of its inputs.
template <class T>
void check_finite(const Node<T>& node);

}  // namespace xtape::detail
