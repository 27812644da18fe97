// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <functional>

#include "xtape/autograd/node.hpp"

namespace xtape::detail {

// Whether a node's value begins in the memory of an input's, as that of reshape does.
template <class T>
bool holds(const Node<T>& input, const Node<T>& node) noexcept {
  const T* const end = input.value + input.shape.elements();
  return std::less_equal<>()(input.value, node.value) && std::less<>()(node.value, end);
}

template <class T>
bool an_input_holds(const Node<T>& node) noexcept {
  return std::any_of(node.inputs, node.inputs + node.input_count,
                     [&node](const Node<T>* input) { return holds(*input, node); });
}

}  // namespace xtape::detail
