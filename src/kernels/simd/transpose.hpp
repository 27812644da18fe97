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

  // Fours that are so far apart.
  XTAPE_INLINE static Whole load(const T* from, std::size_t distance) {
    Four four[count];
    for (std::size_t k = 0; k < count; ++k) std::memcpy(&four[k], from + k * distance, sizeof four[k]);
#ifdef __AVX512F__  // of which GCC's own code makes twice as many instructions
    if constexpr (count == 4) {
      const __m512 two = _mm512_insertf32x4(_mm512_castps128_ps512(four[0]), four[1], 1);
      return _mm512_insertf32x4(_mm512_insertf32x4(two, four[2], 2), four[3], 3);
    } else {
      return _mm512_insertf64x4(_mm512_castpd256_pd512(four[0]), four[1], 1);
    }
#else
    if constexpr (count == 1) {
      return four[0];
    } else {
      return __builtin_shufflevector(four[0], four[1], 0, 1, 2, 3, 4, 5, 6, 7);
    }
#endif
  }
  XTAPE_INLINE static void store(const Whole& whole, T* to, std::size_t distance) {
    Four four[count];
    std::memcpy(four, &whole, sizeof four);
    for (std::size_t k = 0; k < count; ++k) std::memcpy(to + k * distance, &four[k], sizeof four[k]);
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

// Two or three columns fill as many batches: one row after the other, or each column a batch.
template <class T, std::size_t columns>
class FewColumns {
 public:
  // to[c][r] = from[r][c]
  XTAPE_INLINE static void rows_to_lanes(const T* from, T* to) {
    move<[](std::size_t at) { return at % lanes<T> * columns + at / lanes<T>; }>(from, to);
  }
  // to[r][c] = from[c][r]
  XTAPE_INLINE static void lanes_to_rows(const T* from, T* to) {
    move<[](std::size_t at) { return at % columns * lanes<T> + at / columns; }>(from, to);
  }

 private:
  typedef T Whole __attribute__((vector_size(lanes<T> * sizeof(T))));

  // to[at] = from[source(at)]
  template <auto source>
  XTAPE_INLINE static void move(const T* from, T* to) {
    Whole in[columns], out[columns];
    for (std::size_t k = 0; k < columns; ++k) std::memcpy(&in[k], from + k * lanes<T>, sizeof in[k]);
    const auto gather_batches = [&]<std::size_t... batch>(std::index_sequence<batch...>) {
      ((out[batch] = gather<source, batch>(in, std::make_index_sequence<lanes<T>>())), ...);
    };
    gather_batches(std::make_index_sequence<columns>());
    for (std::size_t k = 0; k < columns; ++k) std::memcpy(to + k * lanes<T>, &out[k], sizeof out[k]);
  }

  // One batch after the other gives what the result has of it.
  template <auto source, std::size_t batch, std::size_t... lane>
  XTAPE_INLINE static Whole gather(const Whole (&in)[columns], std::index_sequence<lane...>) {
    constexpr auto position = [](std::size_t k, std::size_t l) {
      const std::size_t from = source(batch * lanes<T> + l);
      if (from / lanes<T> == k) return static_cast<int>(lanes<T> + from % lanes<T>);
      return static_cast<int>(k == 1 ? from % lanes<T> : l);
    };
    Whole out = __builtin_shufflevector(in[0], in[1], position(1, lane)...);
    if constexpr (columns == 3) out = __builtin_shufflevector(out, in[2], position(2, lane)...);
    return out;
  }
};

// Calls work(c) for groups of four columns; the last overlaps the one before it where there are fewer left.
template <class Work>
XTAPE_INLINE void for_fours_of(std::size_t columns, Work work) {
  for (std::size_t c = 0; c < columns; c += 4) work(c + 4 <= columns ? c : columns - 4);
}

// to[c][r] = from[r * distance + c] for as many rows as a batch has lanes.
template <class T>
XTAPE_INLINE void whole_rows_to_lanes(const T* from, std::size_t distance, std::size_t columns, T* to) {
  if constexpr (lanes<T> >= 4) {
    if (columns >= 4) {
      for_fours_of(columns, [&](std::size_t c) {
        typename Fours<T>::Whole row[4];
        for (std::size_t i = 0; i < 4; ++i) row[i] = Fours<T>::load(from + i * distance + c, 4 * distance);
        Fours<T>::transpose(row);
        for (std::size_t i = 0; i < 4; ++i) std::memcpy(to + (c + i) * lanes<T>, &row[i], sizeof row[i]);
      });
      return;
    }
  }
  if (columns == 2 && distance == 2) return FewColumns<T, 2>::rows_to_lanes(from, to);
  if (columns == 3 && distance == 3) return FewColumns<T, 3>::rows_to_lanes(from, to);
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < lanes<T>; ++r) to[c * lanes<T> + r] = from[r * distance + c];
  }
}

// The same for some rows; if there are fewer, the last of them stands for those that lack.
template <class T>
XTAPE_INLINE void rows_to_lanes(const T* from, std::size_t distance, std::size_t rows, std::size_t columns,
                                T* to) {
  if (rows == lanes<T>) return whole_rows_to_lanes(from, distance, columns, to);
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < lanes<T>; ++r)
      to[c * lanes<T> + r] = from[(r < rows ? r : rows - 1) * distance + c];
  }
}

// to[r][c] = from[c][r] for some of the rows.
template <std::size_t most_columns, class T>
XTAPE_INLINE void lanes_to_rows(const T* from, std::size_t rows, std::size_t columns, T* to) {
  if (rows == lanes<T>) {
    if constexpr (lanes<T> >= 4 && most_columns >= 4) {
      if (columns >= 4) {
        for_fours_of(columns, [&](std::size_t c) {
          typename Fours<T>::Whole row[4];
          for (std::size_t i = 0; i < 4; ++i) std::memcpy(&row[i], from + (c + i) * lanes<T>, sizeof row[i]);
          Fours<T>::transpose(row);
          for (std::size_t i = 0; i < 4; ++i) Fours<T>::store(row[i], to + i * columns + c, 4 * columns);
        });
        return;
      }
    }
    if (most_columns >= 2 && columns == 2) return FewColumns<T, 2>::lanes_to_rows(from, to);
    if (most_columns >= 3 && columns == 3) return FewColumns<T, 3>::lanes_to_rows(from, to);
  }
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) to[r * columns + c] = from[c * lanes<T> + r];
  }
}

}  // namespace
}  // namespace xtape::kernels
