// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <vector>

namespace xtape {

// What memory of a thread is for.
enum class Scratch {
  x,
  y,
  normalisers,
  labels,
  gradient,
  label_gradient,
  unmasked_x,
  worked_labels,
  pulls,
  losses,
  scales,
  label_logits,
  pos_weights,
  weights,
  element_losses,
  element_scales,
  column_groups,
  partial_products,
  columns,
  partial_gradients
};

// Memory of this thread for `count` elements, which stays allocated; each purpose has its own.
template <class T, Scratch purpose>
T* scratch(std::size_t count) {
  thread_local std::vector<T> memory;
  if (memory.size() < count) memory.resize(count);
  return memory.data();
}

}  // namespace xtape
