// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "kernels/pooling_kernels.hpp"
#include "kernels/simd/accumulator.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/largest.hpp"

namespace xtape::kernels {
namespace {

// x[0], x[2], ...; the last of them is the last element that is read.
template <class T, std::size_t... lane>
XTAPE_INLINE Batch<T> load_every_second(const T* x, std::index_sequence<lane...>) {
  constexpr std::size_t half = lanes<T> / 2;
  return rearranged<T>(load<Batch<T>>(x), load<Batch<T>>(x + lanes<T> - 1),
                       std::index_sequence<(lane < half ? 2 * lane : 2 * lane + 1)...>());
}

template <class T>
XTAPE_INLINE Batch<T> load_apart(const T* x, std::size_t step) {
  if (step == 1) return load<Batch<T>>(x);
  if (step == 2) return load_every_second<T>(x, std::make_index_sequence<lanes<T>>());
  T lane[lanes<T>];
  for (std::size_t i = 0; i < lanes<T>; ++i) lane[i] = x[i * step];
  return load<Batch<T>>(lane);
}

// Calls f(j, element) for batches of windows from number j on; element(r, c) loads that of each. The last
// batch overlaps the one before it.
template <class T, class F>
XTAPE_INLINE void for_each_batch_of_windows(const T* x, const WholeWindows& windows, F f) {
  static_assert(lanes<T> <= WholeWindows::fewest);
  for (std::size_t begin = 0; begin < windows.count; begin += lanes<T>) {
    const std::size_t j = std::min(begin, windows.count - lanes<T>);
    const T* const first = x + j * windows.step;
    f(
        j, [ =, width = windows.width, step = windows.step ](std::size_t r, std::size_t c)
               __attribute__((always_inline)) { return load_apart(first + r * width + c, step); });
  }
}

template <class T>
void largest_of_windows(const T* x, const WholeWindows& windows, T* y, std::uint32_t* places) {
  for_each_batch_of_windows(
      x, windows, [&](std::size_t j, auto element) __attribute__((always_inline)) {
        Largest<T> largest{element(0, 0), Batch<T>(T{0})};
        for (std::size_t r = 0; r < windows.rows; ++r) {
          for (std::size_t c = r == 0 ? 1 : 0; c < windows.columns; ++c)
            largest.look_at(element(r, c), static_cast<T>(r * windows.width + c));
        }
        store(largest.value, y + j);
        if (places == nullptr) return;
        T place[lanes<T>];
        store(largest.place, place);
        const auto first = static_cast<std::uint32_t>(j * windows.step);
        for (std::size_t i = 0; i < lanes<T>; ++i)
          places[j + i] = first + static_cast<std::uint32_t>(i * windows.step) +
                          static_cast<std::uint32_t>(static_cast<std::int32_t>(place[i]));
      });
}

template <class T>
void mean_of_windows(const T* x, const WholeWindows& windows, double divisor, T* y) {
  for_each_batch_of_windows(
      x, windows, [&](std::size_t j, auto element) __attribute__((always_inline)) {
        Accumulator<T> sum;
        for (std::size_t r = 0; r < windows.rows; ++r) {
          for (std::size_t c = 0; c < windows.columns; ++c) sum.add(element(r, c));
        }
        double sums[lanes<T>];
        sum.store(sums);
        for (std::size_t i = 0; i < lanes<T>; ++i) y[j + i] = static_cast<T>(sums[i] / divisor);
      });
}

// Adds the share of each of n windows, which are side by side, to a row of their elements. An element is the
// last one of the window furthest to the left.
template <class T>
void add_shares(const T* shares, std::size_t n, std::size_t columns, std::size_t step, T* row) {
  if (step == 2 && columns == 2) {
    for (std::size_t i = 0; i < 2 * n; ++i) row[i] += shares[i / 2];
  } else {
    for (std::size_t c = columns; c-- > 0;) {
      for (std::size_t i = 0; i < n; ++i) row[c + i * step] += shares[i];
    }
  }
}

// The same where the step is 1, in one pass over the row: before and after the shares must be as many zeros
// as a window has columns, and a batch lanes. They are -0, which changes no number.
template <class T>
void add_neighbouring_shares(const T* shares, std::size_t n, std::size_t columns, T* row) {
  for_each_batch<T>(
      n + columns - 1, [&](std::size_t i, auto count) __attribute__((always_inline)) {
        Batch<T> sum = load_some<Batch<T>>(row + i, count, T{0});
        for (std::size_t c = columns; c-- > 0;) sum += load<Batch<T>>(shares + i - c);
        store_some(sum, row + i, count);
      });
}

template <class T>
void share_out(const T* dy, const WholeWindows& windows, double divisor, T* dx) {
  constexpr std::size_t most = 256, most_columns = 32, zeros = most_columns + lanes<T>;
  const auto [n, step, rows, columns, width] = windows;
  T buffer[zeros + most + zeros];
  T* const shares = buffer + zeros;
  for (std::size_t begin = 0; begin < n; begin += most) {
    const std::size_t count = std::min(most, n - begin);
    std::fill(buffer, shares, -T{0});
    for (std::size_t i = 0; i < count; ++i) shares[i] = static_cast<T>(dy[begin + i] / divisor);
    std::fill_n(shares + count, zeros, -T{0});
    for (std::size_t r = 0; r < rows; ++r) {
      T* const row = dx + begin * step + r * width;
      if (step == 1 && columns <= most_columns) {
        add_neighbouring_shares(shares, count, columns, row);
      } else {
        add_shares(shares, count, columns, step, row);
      }
    }
  }
}

}  // namespace

XTAPE_KERNEL(PoolWindows, {largest_of_windows<T>, mean_of_windows<T>, share_out<T>});

}  // namespace xtape::kernels
