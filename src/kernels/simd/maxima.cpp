// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/maxima_kernels.hpp"

#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_blocks.hpp"
#include "kernels/simd/short_rows.hpp"

namespace xtape::kernels {
namespace {

// NaN if one of them is.
template <class T>
XTAPE_INLINE Batch<T> larger(Batch<T> a, Batch<T> b) {
  return xsimd::select(a == a, at_least(a, b), a);
}

template <class T>
inline constexpr T lowest = -std::numeric_limits<T>::infinity();

template <class T>
T max_of_row(const T* x, std::size_t n, T least) {
  constexpr std::size_t many = 4;  // of which none waits for another
  Batch<T> max[many] = {Batch<T>(least), Batch<T>(least), Batch<T>(least), Batch<T>(least)};
  std::size_t i = 0;
  for (; i + many * lanes<T> <= n; i += many * lanes<T>) {
    for (std::size_t k = 0; k < many; ++k) max[k] = larger(max[k], load<Batch<T>>(x + i + k * lanes<T>));
  }
  for_each_batch<T>(n - i, [&](std::size_t offset, auto count) {
    max[0] = larger(max[0], load_some<Batch<T>>(x + i + offset, count, lowest<T>));
  });
  const Batch<T> all = larger(larger(max[0], max[1]), larger(max[2], max[3]));
  return xsimd::all(all == all) ? largest_lane(all) : std::numeric_limits<T>::quiet_NaN();
}

template <class T>
void max_of_rows(const T* x, std::size_t rows, std::size_t step, std::size_t n, T* max) {
  std::size_t row = for_short_rows(x, rows, step, n, [&](std::size_t first, auto column) {
    Batch<T> all = load<Batch<T>>(max + first);
    for (std::size_t i = 0; i < n; ++i) all = larger(all, column(i));
    store(all, max + first);
  });
  for (; row < rows; ++row) max[row] = max_of_row(x + row * step, n, max[row]);
}

template <class T>
void max_of_columns(const T* x, std::size_t rows, std::size_t step, std::size_t n, T* max) {
  for_row_blocks_of_columns<T>(rows, n, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
    Batch<T> all = load_some<Batch<T>>(max + i, count, T{0});
    for (; row < end; ++row) all = larger(all, load_some<Batch<T>>(x + row * step + i, count, T{0}));
    store_some(all, max + i, count);
  });
}

// count + 1 where x is the max.
template <class T>
XTAPE_INLINE Batch<T> counted(Batch<T> count, Batch<T> x, Batch<T> max) {
  return xsimd::select(x == max, count + Batch<T>(T{1}), count);
}

template <class T>
double count_in_row(const T* x, std::size_t n, T max) {
  constexpr std::size_t segment = std::size_t{1} << 22;  // of which a float counts the batches
  double result = 0;
  for (std::size_t begin = 0; begin < n; begin += segment) {
    Batch<T> counts(T{0});
    for_each_batch<T>(n - begin < segment ? n - begin : segment, [&](std::size_t i, auto count) {
      constexpr T nothing = std::numeric_limits<T>::quiet_NaN();
      counts = counted(counts, load_some<Batch<T>>(x + begin + i, count, nothing), Batch<T>(max));
    });
    result += static_cast<double>(sum_of_lanes(counts));
  }
  return result;
}

template <class T>
void count_in_rows(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
                   double* counts) {
  std::size_t row = for_short_rows(x, rows, step, n, [&](std::size_t first, auto column) {
    const Batch<T> largest = load<Batch<T>>(max + first);
    Batch<T> count(T{0});
    for (std::size_t i = 0; i < n; ++i) count = counted(count, column(i), largest);
    T of_rows[lanes<T>];
    store(count, of_rows);
    for (std::size_t r = 0; r < lanes<T>; ++r) counts[first + r] += static_cast<double>(of_rows[r]);
  });
  for (; row < rows; ++row) counts[row] += count_in_row(x + row * step, n, max[row]);
}

template <class T>
void count_in_columns(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
                      double* counts) {
  for_row_blocks_of_columns<T>(rows, n, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
    const Batch<T> largest = load_some<Batch<T>>(max + i, count, T{0});
    Batch<T> ones(T{0});
    for (; row < end; ++row)
      ones = counted(ones, load_some<Batch<T>>(x + row * step + i, count, T{0}), largest);
    T of_columns[lanes<T>];
    store(ones, of_columns);
    for (std::size_t k = 0; k < lanes<T> && i + k < n; ++k)
      counts[i + k] += static_cast<double>(of_columns[k]);
  });
}

template <class T, class Count>
XTAPE_INLINE void share(const T* x, Batch<T> max, Batch<T> amount, T* dx, bool first, Count count) {
  const Batch<T> slope = xsimd::select(load_some<Batch<T>>(x, count, T{0}) == max, amount, Batch<T>(T{0}));
  store_some(first ? slope : load_some<Batch<T>>(dx, count, T{0}) + slope, dx, count);
}

template <class T>
void share_in_rows(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
                   const T* shares, T* dx, bool first) {
  for (std::size_t row = 0; row < rows; ++row) {
    for_each_batch<T>(n, [&](std::size_t i, auto count) {
      const std::size_t at = row * step + i;
      share(x + at, Batch<T>(max[row]), Batch<T>(shares[row]), dx + at, first, count);
    });
  }
}

template <class T>
void share_in_columns(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
                      const T* shares, T* dx, bool first) {
  for_row_blocks_of_columns<T>(rows, n, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
    const Batch<T> largest = load_some<Batch<T>>(max + i, count, T{0}),
                   amount = load_some<Batch<T>>(shares + i, count, T{0});
    for (; row < end; ++row) {
      const std::size_t at = row * step + i;
      share(x + at, largest, amount, dx + at, first, count);
    }
  });
}

}  // namespace

XTAPE_KERNEL(Maxima, {.of_rows = max_of_rows<T>,
                      .of_columns = max_of_columns<T>,
                      .count_in_rows = count_in_rows<T>,
                      .count_in_columns = count_in_columns<T>,
                      .share_in_rows = share_in_rows<T>,
                      .share_in_columns = share_in_columns<T>});

}  // namespace xtape::kernels
