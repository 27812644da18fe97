// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

template <class T>
struct FourOf {
  typedef T Vector __attribute__((vector_size(4 * sizeof(T))));
};

// Four rows of four.
template <class T>
void transpose_4_by_4(const T* from, std::size_t from_stride, T* to, std::size_t to_stride) {
  typename FourOf<T>::Vector row[4], pair[4];
  for (std::size_t i = 0; i < 4; ++i) std::memcpy(&row[i], from + i * from_stride, sizeof row[i]);
  pair[0] = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
  pair[1] = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
  pair[2] = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
  pair[3] = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
  row[0] = __builtin_shufflevector(pair[0], pair[1], 0, 1, 4, 5);
  row[1] = __builtin_shufflevector(pair[0], pair[1], 2, 3, 6, 7);
  row[2] = __builtin_shufflevector(pair[2], pair[3], 0, 1, 4, 5);
  row[3] = __builtin_shufflevector(pair[2], pair[3], 2, 3, 6, 7);
  for (std::size_t i = 0; i < 4; ++i) std::memcpy(to + i * to_stride, &row[i], sizeof row[i]);
}

// to[c][r] = from[r][c]. The last block of four overlaps the one before it where there are fewer than four
// left.
template <class T>
void transpose(const T* from, std::size_t from_stride, std::size_t rows, std::size_t columns, T* to,
               std::size_t to_stride) {
  if (rows < 4 || columns < 4) {
    for (std::size_t c = 0; c < columns; ++c) {
      for (std::size_t r = 0; r < rows; ++r) to[c * to_stride + r] = from[r * from_stride + c];
    }
    return;
  }
  for (std::size_t next_r = 0; next_r < rows; next_r += 4) {
    const std::size_t r = next_r + 4 <= rows ? next_r : rows - 4;
    for (std::size_t next_c = 0; next_c < columns; next_c += 4) {
      const std::size_t c = next_c + 4 <= columns ? next_c : columns - 4;
      transpose_4_by_4(from + r * from_stride + c, from_stride, to + c * to_stride + r, to_stride);
    }
  }
}

}  // namespace
}  // namespace xtape::kernels
