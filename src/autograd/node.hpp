// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "xtape/autograd/parameter.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/core/shape.hpp"

namespace xtape::detail {

// One array on the tape. Lives in the tape's arena, so it has no destructor.
template <class T>
struct Node {
  const char* name = nullptr;
  Shape shape;
  const T* value = nullptr;
  T* grad = nullptr;  // of the backward that `backward_count` tells
  std::uint64_t backward_count = 0;
  std::uint64_t generation = 0;
  Node** inputs = nullptr;
  std::size_t input_count = 0;
  StoredRule<T> rule;
  Node* next_owning = nullptr;        // the next older node whose rule has a destructor
  Parameter<T>* parameter = nullptr;  // whose value and gradient this node stands for
  bool requires_grad = false;
};

}  // namespace xtape::detail
