// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

namespace xtape {

// to[c][r] = from[r][c] of four rows and four columns; the rows of each begin so many elements apart.
template <class T>
inline void copy_four_transposed(const T* from, std::size_t from_step, T* to, std::size_t to_step) {
  typedef T Four __attribute__((vector_size(4 * sizeof(T))));
  Four row[4];
  for (std::size_t r = 0; r < 4; ++r) std::memcpy(&row[r], from + r * from_step, sizeof row[r]);
  const Four low[2] = {__builtin_shufflevector(row[0], row[1], 0, 4, 1, 5),
                       __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5)};
  const Four high[2] = {__builtin_shufflevector(row[0], row[1], 2, 6, 3, 7),
                        __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7)};
  row[0] = __builtin_shufflevector(low[0], low[1], 0, 1, 4, 5);
  row[1] = __builtin_shufflevector(low[0], low[1], 2, 3, 6, 7);
  row[2] = __builtin_shufflevector(high[0], high[1], 0, 1, 4, 5);
  row[3] = __builtin_shufflevector(high[0], high[1], 2, 3, 6, 7);
  for (std::size_t c = 0; c < 4; ++c) std::memcpy(to + c * to_step, &row[c], sizeof row[c]);
}

// The same of any number of them.
template <class T>
void copy_transposed(const T* from, std::size_t from_step, std::size_t rows, std::size_t columns, T* to,
                     std::size_t to_step) {
  const auto copy = [&](std::size_t r, std::size_t first_column) {
    for (std::size_t c = first_column; c < columns; ++c) to[c * to_step + r] = from[r * from_step + c];
  };
  std::size_t r = 0;
  if constexpr (std::is_floating_point_v<T>) {
    const std::size_t fours = columns / 4 * 4;
    for (; r + 4 <= rows; r += 4) {
      for (std::size_t c = 0; c < fours; c += 4)
        copy_four_transposed(from + r * from_step + c, from_step, to + c * to_step + r, to_step);
      for (std::size_t i = r; i < r + 4; ++i) copy(i, fours);
    }
  }
  for (; r < rows; ++r) copy(r, 0);
}

}  // namespace xtape
