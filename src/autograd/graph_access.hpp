// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <span>

#include "autograd/gradient_access.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::detail {

// What the rest of this room sees of a tape.
template <class T>
struct GraphAccess {
  static std::span<Node<T>* const> nodes(const Tape<T>& tape) { return tape.table_.nodes; }
  static std::size_t slot(Variable<T> variable) { return variable.slot_; }
  // In the latest backward, into `gradients`. Nothing where it has not come by.
  static ArrayView<const T> gradient(const Tape<T>& tape, Gradients<T>& gradients, const Node<T>& node) {
    if (node.parameter != nullptr) {
      GradientMemory<T>* const part = GradientAccess<T>::find(gradients, *node.parameter);
      return part == nullptr ? ArrayView<const T>() : part->filled();
    }
    return node.backward_count == tape.backward_count_ ? ArrayView<const T>(node.grad, node.shape)
                                                       : ArrayView<const T>();
  }
};

}  // namespace xtape::detail
