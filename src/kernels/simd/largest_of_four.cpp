// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/pooling_kernels.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/largest.hpp"
#include "kernels/simd/rearranged.hpp"

namespace xtape::kernels {
namespace {

// How many of `count` are in the part that begins at `before`, of as many as a batch has lanes.
template <class T>
XTAPE_INLINE std::size_t count_in_part(std::size_t count, std::size_t before) {
  return count > before + lanes<T> ? lanes<T> : count > before ? count - before : 0;
}

// Of so many columns of two rows.
template <class T, class Count>
XTAPE_INLINE Largest<T> largest_of_rows(const T* upper, const T* lower, Count columns) {
  using B = Batch<T>;
  const auto batch = [&](const T* row, std::size_t part) __attribute__((always_inline)) {
    const std::size_t before = part * lanes<T>;
    if constexpr (std::is_same_v<Count, All>) {
      return load<B>(row + before);
    } else {
      const std::size_t count = count_in_part<T>(2 * columns, before);
      return count == lanes<T> ? load<B>(row + before) : load_partly<B>(row + before, count, T{0});
    }
  };
  const B in[2][2] = {{batch(upper, 0), batch(upper, 1)}, {batch(lower, 0), batch(lower, 1)}};
  Largest<T> largest{every_second<0, T>(in[0][0], in[0][1]), B(T{0})};
  largest.look_at(every_second<1, T>(in[0][0], in[0][1]), B(T{1}));
  largest.look_at(every_second<0, T>(in[1][0], in[1][1]), B(T{2}));
  largest.look_at(every_second<1, T>(in[1][0], in[1][1]), B(T{3}));
  return largest;
}

template <class T>
void largest_of_four(const T* image, std::size_t width, std::size_t rows, std::size_t columns, T* y,
                     T* place) {
  for (std::size_t row = 0; row < rows; ++row, image += 2 * width) {
    for_each_batch<T>(
        columns, [&](std::size_t j, auto count) __attribute__((always_inline)) {
          const Largest<T> largest = largest_of_rows(image + 2 * j, image + width + 2 * j, count);
          const std::size_t at = row * columns + j;
          store_some(largest.value, y + at, count);
          if (place != nullptr) store_some(largest.place, place + at, count);
        });
  }
}

// To two neighbours for each of so many columns of one row: `even` and `odd`.
template <class T, class Count>
XTAPE_INLINE void put_in_turns(Batch<T> even, Batch<T> odd, Count columns, bool add, T* row) {
  using B = Batch<T>;
  const B in[2] = {in_turns<0, T>(even, odd), in_turns<lanes<T> / 2, T>(even, odd)};
  for (std::size_t part = 0; part < 2; ++part) {
    T* const to = row + part * lanes<T>;
    if constexpr (std::is_same_v<Count, All>) {
      store(add ? load<B>(to) + in[part] : in[part], to);
    } else {
      const std::size_t count = count_in_part<T>(2 * columns, part * lanes<T>);
      if (count == lanes<T>) {
        store(add ? load<B>(to) + in[part] : in[part], to);
      } else if (count > 0) {
        store_partly(add ? load_partly<B>(to, count, T{0}) + in[part] : in[part], to, count);
      }
    }
  }
}

template <class T>
void largest_of_four_gradient(const T* dy, const T* place, std::size_t width, std::size_t rows,
                              std::size_t columns, bool add, T* dx) {
  using B = Batch<T>;
  for (std::size_t row = 0; row < rows; ++row, dx += 2 * width) {
    for_each_batch<T>(
        columns, [&](std::size_t j, auto count) __attribute__((always_inline)) {
          const std::size_t at = row * columns + j;
          const B slope = load_some<B>(dy + at, count, T{0}), where = load_some<B>(place + at, count, T{0});
          const auto at_place = [&](T number) { return xsimd::select(where == B(number), slope, B(T{0})); };
          put_in_turns(at_place(T{0}), at_place(T{1}), count, add, dx + 2 * j);
          put_in_turns(at_place(T{2}), at_place(T{3}), count, add, dx + width + 2 * j);
        });
    for (std::size_t j = 2 * columns; j < width && !add; ++j) dx[j] = dx[width + j] = T{0};
  }
}

}  // namespace

XTAPE_KERNEL(LargestOfFour, {largest_of_four<T>, largest_of_four_gradient<T>});

}  // namespace xtape::kernels
