// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// Calls f(i, count, first row, last row) for each batch of n columns, which begins at i, and some rows at a
// time: as many as a cache holds, so that what is in registers is kept for several of them and memory is read
// in order.
template <class T, class F>
XTAPE_INLINE void for_row_blocks_of_columns(std::size_t rows, std::size_t n, F f) {
  constexpr std::size_t together = 16;
  for (std::size_t row = 0; row < rows; row += together) {
    const std::size_t end = rows - row < together ? rows : row + together;
    for_each_batch<T>(n, [&](std::size_t i, auto count) { f(i, count, row, end); });
  }
}

}  // namespace
}  // namespace xtape::kernels
