// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/transpose.hpp"

#include <algorithm>

#include "kernels/simd/kernel.hpp"
#include "kernels/transpose_kernels.hpp"

namespace xtape::kernels {
namespace {

constexpr std::size_t most_columns = 64;

// Down one strip of columns after the other, so many rows at a time: few enough lines of memory are in use to
// stay in the cache until they are whole.
template <class T, std::size_t most_rows>
XTAPE_INLINE void transpose_strips(const T* from, std::size_t from_step, std::size_t rows,
                                   std::size_t columns, T* to, std::size_t to_step, bool add) {
  using B = Batch<T>;
  alignas(64) T block[most_columns * most_rows];
  for (std::size_t first = 0; first < columns; first += most_columns) {
    const std::size_t count = std::min(most_columns, columns - first);
    for (std::size_t begin = 0; begin < rows; begin += most_rows) {
      const T* const source = from + begin * from_step + first;
      T* const target = to + first * to_step + begin;
      const std::size_t rows_now = std::min(most_rows, rows - begin);
      if (most_rows == lanes<T> && rows_now == most_rows)
        for (std::size_t c = 0; c < count; ++c) fetch_to_write(target + c * to_step + lanes<T> - 1);
      for_each_batch<T>(
          rows_now, [&](std::size_t r, auto some) __attribute__((always_inline)) {
            const T* const of = source + r * from_step;
            T* const at = block + r * most_columns;
            if constexpr (std::is_same_v<decltype(some), All>) {
              rows_to_lanes(of, from_step, lanes<T>, count, at);
            } else {
              rows_to_lanes(of, from_step, some, count, at);
            }
          });
      for (std::size_t c = 0; c < count; ++c) {
        for_each_batch<T>(
            rows_now, [&](std::size_t r, auto some) __attribute__((always_inline)) {
              T* const at = target + c * to_step + r;
              const B moved = load<B>(block + r * most_columns + c * lanes<T>);
              store_some(add ? load_some<B>(at, some, T{0}) + moved : moved, at, some);
            });
      }
    }
  }
}

template <class T>
void transpose(const T* from, std::size_t from_step, std::size_t rows, std::size_t columns, T* to,
               std::size_t to_step, bool add) {
  // Lines that are so far apart have few places in the cache: some in a row are then written at a time.
  constexpr std::size_t crowded = 1024 / sizeof(T);
  if (to_step % crowded == 0) {
    transpose_strips<T, 64>(from, from_step, rows, columns, to, to_step, add);
  } else {
    transpose_strips<T, lanes<T>>(from, from_step, rows, columns, to, to_step, add);
  }
}

}  // namespace

XTAPE_KERNEL(Transposition, transpose<T>);

}  // namespace xtape::kernels
