// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// A batch as fours of neighbouring lanes.
template <class T>
struct Fours {
  static constexpr std::size_t count = lanes<T> / 4;
  typedef T Four __attribute__((vector_size(4 * sizeof(T))));
  typedef T Whole __attribute__((vector_size(lanes<T> * sizeof(T))));

  XTAPE_INLINE static Whole join(const Four (&four)[count]) {
    if constexpr (count == 1) {
      return four[0];
    } else if constexpr (count == 2) {
      return __builtin_shufflevector(four[0], four[1], 0, 1, 2, 3, 4, 5, 6, 7);
    } else {
      const auto low = __builtin_shufflevector(four[0], four[1], 0, 1, 2, 3, 4, 5, 6, 7),
                 high = __builtin_shufflevector(four[2], four[3], 0, 1, 2, 3, 4, 5, 6, 7);
      return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    }
  }

  // Four numbers for each four of a and of b: the positions 0 to 3 are those of a, 4 to 7 those of b.
  template <std::size_t... position>
  XTAPE_INLINE static Whole shuffle(Whole a, Whole b) {
    return shuffle<position...>(a, b, std::make_index_sequence<lanes<T>>());
  }

  // Four rows, of which each four is transposed.
  XTAPE_INLINE static void transpose(Whole (&row)[4]) {
    const Whole low[2] = {shuffle<0, 4, 1, 5>(row[0], row[1]), shuffle<0, 4, 1, 5>(row[2], row[3])};
    const Whole high[2] = {shuffle<2, 6, 3, 7>(row[0], row[1]), shuffle<2, 6, 3, 7>(row[2], row[3])};
    row[0] = shuffle<0, 1, 4, 5>(low[0], low[1]);
    row[1] = shuffle<2, 3, 6, 7>(low[0], low[1]);
    row[2] = shuffle<0, 1, 4, 5>(high[0], high[1]);
    row[3] = shuffle<2, 3, 6, 7>(high[0], high[1]);
  }

 private:
  template <std::size_t... position, std::size_t... lane>
  XTAPE_INLINE static Whole shuffle(Whole a, Whole b, std::index_sequence<lane...>) {
    constexpr std::size_t positions[] = {position...};
    constexpr auto source = [=](std::size_t at) {
      const std::size_t from = positions[at % 4];
      return static_cast<int>(at / 4 * 4 + (from < 4 ? from : lanes<T> + from - 4));
    };
    return __builtin_shufflevector(a, b, source(lane)...);
  }
};

// Calls work(c) for groups of four columns; the last overlaps the one before it where there are fewer left.
template <class Work>
XTAPE_INLINE void for_fours_of(std::size_t columns, Work work) {
  for (std::size_t c = 0; c < columns; c += 4) work(c + 4 <= columns ? c : columns - 4);
}

// to[c][r] = from[start(r) + c] for as many rows as a batch has lanes.
template <class T, class Start>
XTAPE_INLINE void rows_to_lanes(const T* from, Start start, std::size_t columns, T* to) {
  if constexpr (lanes<T> >= 4) {
    if (columns >= 4) {
      for_fours_of(columns, [&](std::size_t c) {
        typename Fours<T>::Whole row[4];
        for (std::size_t i = 0; i < 4; ++i) {
          typename Fours<T>::Four four[Fours<T>::count];
          for (std::size_t k = 0; k < Fours<T>::count; ++k)
            std::memcpy(&four[k], from + start(4 * k + i) + c, sizeof four[k]);
          row[i] = Fours<T>::join(four);
        }
        Fours<T>::transpose(row);
        std::memcpy(to + c * lanes<T>, row, sizeof row);
      });
      return;
    }
  }
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < lanes<T>; ++r) to[c * lanes<T> + r] = from[start(r) + c];
  }
}

// The same for rows that are so far apart; if there are fewer, the last of them stands for those that lack.
template <class T>
void rows_to_lanes(const T* from, std::size_t distance, std::size_t rows, std::size_t columns, T* to) {
  if (rows == lanes<T>) {
    rows_to_lanes(
        from, [distance](std::size_t r) { return r * distance; }, columns, to);
  } else {
    rows_to_lanes(
        from, [=](std::size_t r) { return (r < rows ? r : rows - 1) * distance; }, columns, to);
  }
}

// to[r][c] = from[c][r] for some of the rows.
template <std::size_t most_columns, class T>
void lanes_to_rows(const T* from, std::size_t rows, std::size_t columns, T* to) {
  if constexpr (lanes<T> >= 4 && most_columns >= 4) {
    if (columns >= 4 && rows == lanes<T>) {
      for_fours_of(columns, [&](std::size_t c) {
        typename Fours<T>::Whole row[4];
        std::memcpy(row, from + c * lanes<T>, sizeof row);
        Fours<T>::transpose(row);
        for (std::size_t i = 0; i < 4; ++i) {
          typename Fours<T>::Four four[Fours<T>::count];
          std::memcpy(four, &row[i], sizeof four);
          for (std::size_t k = 0; k < Fours<T>::count; ++k)
            std::memcpy(to + (4 * k + i) * columns + c, &four[k], sizeof four[k]);
        }
      });
      return;
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) to[r * columns + c] = from[c * lanes<T> + r];
  }
}

}  // namespace
}  // namespace xtape::kernels
