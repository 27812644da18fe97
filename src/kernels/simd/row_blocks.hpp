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

// Columns as narrow as this are better seen as if as many rows as a batch has lanes were one, if rows lie one
// after the other: all batches are whole then.
inline constexpr std::size_t narrow = 32;
template <class T>
XTAPE_INLINE bool are_narrow(std::size_t rows, std::size_t step, std::size_t n) {
  return step == n && n <= narrow && rows >= lanes<T>;
}

// What there is of each narrow column, for all columns of such a row.
template <class T, class Number>
XTAPE_INLINE void repeat_narrow(const Number* of_columns, std::size_t n, Number* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] = of_columns[i];
  for (std::size_t i = n; i < n * lanes<T>; ++i) to[i] = to[i - n];
}

}  // namespace
}  // namespace xtape::kernels
