// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/transpose.hpp"

#include <algorithm>

#include "kernels/simd/kernel.hpp"
#include "kernels/transpose_kernels.hpp"

namespace xtape::kernels {
namespace {

constexpr std::size_t most_columns = 64;

// Of as many rows as a batch has lanes, or fewer.
template <class T, class Rows>
XTAPE_INLINE void transpose_block(const T* from, std::size_t from_step, Rows rows, std::size_t columns, T* to,
                                  std::size_t to_step, bool add) {
  using B = Batch<T>;
  for (std::size_t c = 0; c < columns; ++c) fetch_to_write_if_whole(to + c * to_step + lanes<T> - 1, rows);
  alignas(64) T block[most_columns * lanes<T>];
  if constexpr (std::is_same_v<Rows, All>) {
    rows_to_lanes(from, from_step, lanes<T>, columns, block);
  } else {
    rows_to_lanes(from, from_step, rows, columns, block);
  }
  for (std::size_t c = 0; c < columns; ++c) {
    T* const at = to + c * to_step;
    const B moved = load<B>(block + c * lanes<T>);
    store_some(add ? load_some<B>(at, rows, T{0}) + moved : moved, at, rows);
  }
}

// Down one strip of columns after the other: whatever the steps are, few enough lines of memory are in use at
// a time to stay in the cache until they are whole.
template <class T>
void transpose(const T* from, std::size_t from_step, std::size_t rows, std::size_t columns, T* to,
               std::size_t to_step, bool add) {
  for (std::size_t begin = 0; begin < columns; begin += most_columns) {
    const std::size_t count = std::min(most_columns, columns - begin);
    for_each_batch<T>(
        rows, [&](std::size_t r, auto some) __attribute__((always_inline)) {
          transpose_block(from + r * from_step + begin, from_step, some, count, to + begin * to_step + r,
                          to_step, add);
        });
  }
}

}  // namespace

XTAPE_KERNEL(Transposition, transpose<T>);

}  // namespace xtape::kernels
