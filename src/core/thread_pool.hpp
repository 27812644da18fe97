// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape {

namespace detail {
void run_blocks(std::size_t blocks, void (*run)(void* context, std::size_t block), void* context);
}

/// Calls work(block) for each block in [0, blocks), on up to num_threads() threads, and returns when all
/// are done. `work` must not throw. Called by two threads at once, or from within a block, the later
/// caller does its blocks alone.
template <class Work>
void parallel_for(std::size_t blocks, Work work) {
  if (blocks <= 1) {
    if (blocks == 1) work(std::size_t{0});
    return;
  }
  detail::run_blocks(
      blocks, [](void* context, std::size_t block) { (*static_cast<Work*>(context))(block); }, &work);
}

}  // namespace xtape
