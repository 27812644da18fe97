// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/autograd/gradient_pool.hpp"

#include <functional>
#include <new>

namespace xtape::detail {

bool GradientBlock::holds(const void* address) const noexcept {
  return std::less_equal<>()(static_cast<const void*>(memory), address) &&
         std::less<>()(address, static_cast<const void*>(memory + bytes));
}

GradientBlock* GradientPool::take(std::size_t bytes) {
  if (GradientBlock** const place = best_free(bytes)) {
    GradientBlock* const block = *place;
    *place = block->next_free;
    block->users = 1;
    return block;
  }
  auto* const memory = static_cast<std::byte*>(arena_.allocate(bytes, 64));
  void* const place = arena_.allocate(sizeof(GradientBlock), alignof(GradientBlock));
  return new (place) GradientBlock{memory, bytes, 1, nullptr};
}

void GradientPool::release(GradientBlock* block) noexcept {
  if (--block->users > 0) return;
  block->next_free = free_;
  free_ = block;
}

// The smallest that is large enough, and not so large that most of it would lie idle.
GradientBlock** GradientPool::best_free(std::size_t bytes) noexcept {
  GradientBlock** best = nullptr;
  for (GradientBlock** place = &free_; *place != nullptr; place = &(*place)->next_free) {
    const std::size_t size = (*place)->bytes;
    if (size >= bytes && size / 2 <= bytes && (best == nullptr || size < (*best)->bytes)) best = place;
  }
  return best;
}

}  // namespace xtape::detail
