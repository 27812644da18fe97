// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "autograd/graph_access.hpp"
#include "xtape/autograd/tape.hpp"

namespace xtape::detail {

template <class T>
bool all_finite(ArrayView<const T> gradient) {
  return std::ranges::all_of(gradient, [](T x) { return std::isfinite(x); });
}

template <class T>
std::size_t users_of(const Node<T>& input, std::span<Node<T>* const> nodes) {
  std::size_t users = 0;
  for (const Node<T>* node : nodes) {
    if (!node->requires_grad) continue;
    users += static_cast<std::size_t>(std::count(node->inputs, node->inputs + node->input_count, &input));
  }
  return users;
}

// The operation whose gradient rule has made the first number that is not finite out of finite ones, in the
// latest backward from root, into `gradients` and with all others kept. Null where that cannot be told.
template <class T>
const char* origin_of_not_finite_gradient(Variable<T> root, Gradients<T>& gradients) {
  const Tape<T>& tape = root.tape();
  const auto is_finite = [&](const Node<T>& node) {
    return all_finite(GraphAccess<T>::gradient(tape, gradients, node));
  };
  const auto nodes = GraphAccess<T>::nodes(tape).first(GraphAccess<T>::slot(root) + 1);
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    if ((*node)->rule.apply == nullptr || !is_finite(**node)) continue;
    for (std::size_t i = 0; i < (*node)->input_count; ++i) {
      const Node<T>& input = *(*node)->inputs[i];
      if (!input.requires_grad || is_finite(input)) continue;
      // Another user of the input may have made it.
      return users_of(input, nodes) == 1 ? (*node)->name : nullptr;
    }
  }
  return nullptr;
}

}  // namespace xtape::detail
