// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/autograd/arena.hpp"

#pragma GCC visibility push(default)
namespace xtape::detail {

// Memory of a gradient that is given back when its last user has read it. Lives in the arena.
struct GradientBlock {
  std::byte* memory;
  std::size_t bytes;
  std::size_t users;
  GradientBlock* next_free;

  bool holds(const void* address) const noexcept;
};

// Hands out memory of an arena, first what has been given back.
class GradientPool {
 public:
  explicit GradientPool(Arena& arena) noexcept : arena_(arena) {}

  // For one user.
  GradientBlock* take(std::size_t bytes);
  void release(GradientBlock* block) noexcept;

  // Forgets all blocks: the arena's memory has been released.
  void clear() noexcept { free_ = nullptr; }

 private:
  GradientBlock** best_free(std::size_t bytes) noexcept;

  Arena& arena_;
  GradientBlock* free_ = nullptr;  // a list of those without users
};

}  // namespace xtape::detail
#pragma GCC visibility pop
