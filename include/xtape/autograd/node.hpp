// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "xtape/arrays/shape.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
class Backward;
template <class T>
class Gradients;
template <class T>
class Parameter;
template <class T>
class Recording;
template <class T>
class Tape;

namespace detail {

struct GradientBlock;
template <class T>
class Claims;
template <class T>
struct GradientAccess;
template <class T>
struct GraphAccess;

template <class T>
struct StoredRule {
  void (*apply)(void* rule, Backward<T>& backward) = nullptr;
  void (*destroy)(void* rule) = nullptr;
  void* rule = nullptr;
};

// One array on the tape. Lives in the tape's arena, so it has no destructor.
template <class T>
struct Node {
  const char* name = nullptr;
  Shape shape;
  const T* value = nullptr;
  T* grad = nullptr;                    // of the backward that `backward_count` tells
  bool grad_is_shared = false;          // it belongs to somebody else and must not be written
  GradientBlock* grad_block = nullptr;  // its memory, where it is given back once it has been used
  std::uint64_t backward_count = 0;
  std::uint64_t generation = 0;
  Node** inputs = nullptr;
  std::size_t input_count = 0;
  StoredRule<T> rule;
  Node* next_owning = nullptr;        // the next older node whose rule has a destructor
  Parameter<T>* parameter = nullptr;  // whose value and gradient this node stands for
  bool requires_grad = false;
  Parameter<T>* value_of = nullptr;  // in whose memory the value is: that of a watch or of what shares it
  std::uint64_t value_changes = 0;   // how often that had changed by then

  void share_parameter(const Node& other) noexcept {
    value_of = other.value_of;
    value_changes = other.value_changes;
  }
};

// What a handle needs of its tape: here, so that looking a node up is inline.
template <class T>
struct NodeTable {
  Tape<T>& tape;
  std::vector<Node<T>*> nodes;  // in the order in which they were recorded
};

[[noreturn]] void throw_stale_variable(bool has_tape);

}  // namespace detail
}  // namespace xtape
#pragma GCC visibility pop
