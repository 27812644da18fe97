// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

namespace xtape::kernels {

// Has the processor fetch n elements that are needed soon, while it does something else: rows that lie about
// in a large table are waited for together. Beyond some lines of the cache it goes on by itself.
template <class T>
void prefetch(const T* x, std::size_t n) {
  constexpr std::size_t line = 64 / sizeof(T), lines = 8;
  for (std::size_t i = 0; i < std::min(n, lines * line); i += line) __builtin_prefetch(x + i, 0, 2);
}

}  // namespace xtape::kernels
