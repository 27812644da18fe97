// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/transpose.hpp"

namespace xtape::kernels {
namespace {

// Calls work(row, columns) for as many rows at a time as a batch has lanes, which begin at `row`, if they are
// of few elements: columns[i] is the batch of their elements i. Returns how many rows those were.
template <class T, class Work>
XTAPE_INLINE std::size_t for_short_rows(const T* x, std::size_t rows, std::size_t step, std::size_t n,
                                        Work work) {
  constexpr std::size_t few = 64;
  if (n > few) return 0;
  std::size_t row = 0;
  for (; row + lanes<T> <= rows; row += lanes<T>) {
    T columns[few * lanes<T>];
    rows_to_lanes(x + row * step, step, lanes<T>, n, columns);
    work(row, [&](std::size_t i) { return load<Batch<T>>(columns + i * lanes<T>); });
  }
  return row;
}

// to[r n + j] = of_rows[r], of n elements of each row. A batch may be written behind the last.
template <class T>
XTAPE_INLINE void spread(const T* of_rows, std::size_t rows, std::size_t n, T* to) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < n; j += lanes<T>) store(Batch<T>(of_rows[r]), to + r * n + j);
  }
}

}  // namespace
}  // namespace xtape::kernels
