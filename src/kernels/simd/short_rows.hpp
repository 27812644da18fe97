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

}  // namespace
}  // namespace xtape::kernels
