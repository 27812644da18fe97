// SPDX-License-Identifier: BSD-3-Clause
#include "autograd/gradient_origin.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/graph_access.hpp"

namespace xtape {
namespace {

using detail::GraphAccess;
using detail::Node;

template <class T>
bool is_finite(ArrayView<const T> gradient) {
  return std::all_of(gradient.begin(), gradient.end(), [](T x) { return std::isfinite(x); });
}

template <class T>
std::size_t users_of(const Node<T>& input, std::span<Node<T>* const> nodes) {
  std::size_t users = 0;
  for (const Node<T>* node : nodes) {
    users +=
        node->requires_grad
            ? static_cast<std::size_t>(std::count(node->inputs, node->inputs + node->input_count, &input))
            : 0;
  }
  return users;
}

}  // namespace

template <class T>
const char* origin_of_not_finite_gradient(Variable<T> root) {
  const Tape<T>& tape = root.tape();
  const auto nodes = GraphAccess<T>::nodes(tape).first(GraphAccess<T>::slot(root) + 1);
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    if ((*node)->rule.apply == nullptr || !is_finite(GraphAccess<T>::gradient(tape, **node))) continue;
    for (std::size_t i = 0; i < (*node)->input_count; ++i) {
      const Node<T>& input = *(*node)->inputs[i];
      if (!input.requires_grad || is_finite(GraphAccess<T>::gradient(tape, input))) continue;
      // Another user of the input may have made it.
      return users_of(input, nodes) == 1 ? (*node)->name : nullptr;
    }
  }
  return nullptr;
}

template const char* origin_of_not_finite_gradient(Variable<float>);
template const char* origin_of_not_finite_gradient(Variable<double>);

}  // namespace xtape
