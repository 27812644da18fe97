// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>

#include "xtape/autograd/node.hpp"

namespace xtape::detail {

// The input in the memory of whose value the node's own begins, as that of reshape does; null if none.
template <class T>
const Node<T>* input_that_holds(const Node<T>& node) noexcept {
  for (std::size_t i = 0; i < node.input_count; ++i) {
    const Node<T>& input = *node.inputs[i];
    const T* const end = input.value + input.shape.elements();
    if (std::less_equal<>()(input.value, node.value) && std::less<>()(node.value, end)) return &input;
  }
  return nullptr;
}

}  // namespace xtape::detail
