// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <variant>

#include "xtape/nn/graph.hpp"

namespace xtape::inference {

// How many indices each embedding knows, at least; 0: there is none.
template <class T>
std::size_t fewest_indices(const nn::Graph<T>& graph) {
  std::size_t fewest = 0;
  for (const nn::GraphNode<T>& node : graph.nodes()) {
    const auto* const embedding = std::get_if<nn::operations::Embedding<T>>(&node.operation);
    if (embedding == nullptr) continue;
    const std::size_t count = embedding->weight.shape()[0];
    fewest = fewest == 0 ? count : std::min(fewest, count);
  }
  return fewest;
}

}  // namespace xtape::inference
