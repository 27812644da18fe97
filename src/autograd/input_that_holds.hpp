// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>

#include "xtape/autograd/node.hpp"

namespace xtape::detail {

// Whether the node's value begins in the memory of an input's, as that of reshape does.
template <class T>
bool lies_in_input(const Node<T>& node) noexcept {
  for (std::size_t i = 0; i < node.input_count; ++i) {
    const Node<T>& input = *node.inputs[i];
    const T* const end = input.value + input.shape.elements();
    if (std::less_equal<>()(input.value, node.value) && std::less<>()(node.value, end)) return true;
  }
  return false;
}

}  // namespace xtape::detail
