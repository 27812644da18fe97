// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace xtape::distributed {

// A sum in the tree of additions: of the parts from index 2^level up to (index + 1) 2^level, as far as there
// are any.
struct AdditionNode {
  unsigned level;
  std::size_t index;
};

inline bool are_neighbours(AdditionNode left, AdditionNode right) {
  return left.level == right.level && left.index % 2 == 0 && left.index + 1 == right.index;
}

// Appends the largest sums that parts in [begin, end) alone make, from left to right.
inline void append_largest(std::size_t begin, std::size_t end, std::vector<AdditionNode>& nodes) {
  while (begin < end) {
    const int level = std::min(std::countr_zero(begin), static_cast<int>(std::bit_width(end - begin)) - 1);
    nodes.push_back({static_cast<unsigned>(level), begin >> level});
    begin += std::size_t{1} << level;
  }
}

// Adds what comes from left to right, and keeps the largest sums that are complete.
template <class T>
class AdditionTree {
 public:
  explicit AdditionTree(std::size_t length) : length_(length) {}

  void add(AdditionNode node, std::span<const T> elements) {
    if (!nodes_.empty() && are_neighbours(nodes_.back(), node)) {
      add_to_last(elements);
    } else {
      if (buffers_.size() == nodes_.size()) buffers_.emplace_back(length_);
      std::ranges::copy(elements, buffers_[nodes_.size()].begin());
      nodes_.push_back(node);
    }
    while (nodes_.size() > 1 && are_neighbours(nodes_[nodes_.size() - 2], nodes_.back())) join_last_two();
  }

  // One that is kept, counted from the left.
  std::span<const T> sum(std::size_t node) const { return buffers_[node]; }

  // What is left has no neighbour to its right, and moves up until it is that of the one to its left.
  void finish(std::span<T> total) {
    while (nodes_.size() > 1) join_last_two();
    std::ranges::copy(buffers_[0], total.begin());
    clear();
  }

  void clear() { nodes_.clear(); }

 private:
  void add_to_last(std::span<const T> right) {
    std::vector<T>& left = buffers_[nodes_.size() - 1];
    std::ranges::transform(left, right, left.begin(), std::plus<>());
    nodes_.back() = {nodes_.back().level + 1, nodes_.back().index / 2};
  }

  void join_last_two() {
    nodes_.pop_back();
    add_to_last(buffers_[nodes_.size()]);
  }

  std::size_t length_;
  std::vector<AdditionNode> nodes_;      // that are kept, from left to right
  std::vector<std::vector<T>> buffers_;  // of their elements; those behind them are free
};

}  // namespace xtape::distributed
