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
void max_of_wide_columns(const T* x, std::size_t rows, std::size_t step, std::size_t n, T* max) {
  for_row_blocks_of_columns<T>(rows, n, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
    Batch<T> all = load_some<Batch<T>>(max + i, count, T{0});
    for (; row < end; ++row) all = larger(all, load_some<Batch<T>>(x + row * step + i, count, T{0}));
    store_some(all, max + i, count);
  });
}

template <class T>
void max_of_columns(const T* x, std::size_t rows, std::size_t step, std::size_t n, T* max) {
  const std::size_t together = rows / lanes<T>, whole = together * lanes<T>;
  if (!are_narrow<T>(rows, step, n)) return max_of_wide_columns(x, rows, step, n, max);
  T repeated[narrow * lanes<T>];
  repeat_narrow<T>(max, n, repeated);
  max_of_wide_columns(x, together, n * lanes<T>, n * lanes<T>, repeated);
  max_of_wide_columns(repeated, lanes<T>, n, n, max);
  max_of_wide_columns(x + whole * n, rows - whole, n, n, max);
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
void count_in_wide_columns(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
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

template <class T>
void count_in_columns(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
                      double* counts) {
  const std::size_t together = rows / lanes<T>, whole = together * lanes<T>;
  if (!are_narrow<T>(rows, step, n)) return count_in_wide_columns(x, rows, step, n, max, counts);
  T repeated[narrow * lanes<T>];
  double of_repeated[narrow * lanes<T>];
  for (std::size_t i = 0; i < n * lanes<T>; ++i) of_repeated[i] = 0;
  repeat_narrow<T>(max, n, repeated);
  count_in_wide_columns(x, together, n * lanes<T>, n * lanes<T>, repeated, of_repeated);
  for (std::size_t i = 0; i < n * lanes<T>; ++i) counts[i % n] += of_repeated[i];
  count_in_wide_columns(x + whole * n, rows - whole, n, n, max, counts);
}

template <class T>
void shares(const T* dy, const double* counts, std::size_t n, T* amounts) {
  for_each_batch<double>(n, [&](std::size_t i, auto count) {
    store_some(load_some<Wide>(dy + i, count, T{0}) / load_some<Wide>(counts + i, count, 1.0), amounts + i,
               count);
  });
}

template <class T, class Count>
XTAPE_INLINE void share(const T* x, Batch<T> max, Batch<T> amount, T* dx, bool first, Count count) {
  const Batch<T> slope = xsimd::select(load_some<Batch<T>>(x, count, T{0}) == max, amount, Batch<T>(T{0}));
  store_some(first ? slope : load_some<Batch<T>>(dx, count, T{0}) + slope, dx, count);
}

// Rows of few elements as one, each element with the numbers of its row beside it.
template <class T>
void share_in_short_rows(const T* x, std::size_t rows, std::size_t n, const T* max, const T* amounts, T* dx,
                         bool first) {
  constexpr std::size_t most_elements = 1024;
  T max_of_each[most_elements + lanes<T>], amount_of_each[most_elements + lanes<T>];
  const std::size_t together = most_elements / n;
  for (std::size_t row = 0; row < rows; row += together) {
    const std::size_t some = rows - row < together ? rows - row : together;
    spread(max + row, some, n, max_of_each);
    spread(amounts + row, some, n, amount_of_each);
    for_each_batch<T>(some * n, [&](std::size_t i, auto count) {
      const std::size_t at = row * n + i;
      share(x + at, load_some<Batch<T>>(max_of_each + i, count, T{0}),
            load_some<Batch<T>>(amount_of_each + i, count, T{0}), dx + at, first, count);
    });
  }
}

template <class T>
void share_in_rows(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
                   const T* amounts, T* dx, bool first) {
  constexpr std::size_t few = 64;
  if (step == n && n <= few) return share_in_short_rows(x, rows, n, max, amounts, dx, first);
  for (std::size_t row = 0; row < rows; ++row) {
    for_each_batch<T>(n, [&](std::size_t i, auto count) {
      const std::size_t at = row * step + i;
      share(x + at, Batch<T>(max[row]), Batch<T>(amounts[row]), dx + at, first, count);
    });
  }
}

template <class T>
void share_in_wide_columns(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
                           const T* amounts, T* dx, bool first) {
  for_row_blocks_of_columns<T>(rows, n, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
    const Batch<T> largest = load_some<Batch<T>>(max + i, count, T{0}),
                   amount = load_some<Batch<T>>(amounts + i, count, T{0});
    for (; row < end; ++row) {
      const std::size_t at = row * step + i;
      share(x + at, largest, amount, dx + at, first, count);
    }
  });
}

template <class T>
void share_in_columns(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
                      const T* amounts, T* dx, bool first) {
  const std::size_t together = rows / lanes<T>, whole = together * lanes<T>;
  if (!are_narrow<T>(rows, step, n)) return share_in_wide_columns(x, rows, step, n, max, amounts, dx, first);
  T repeated[narrow * lanes<T>], repeated_amounts[narrow * lanes<T>];
  repeat_narrow<T>(max, n, repeated);
  repeat_narrow<T>(amounts, n, repeated_amounts);
  share_in_wide_columns(x, together, n * lanes<T>, n * lanes<T>, repeated, repeated_amounts, dx, first);
  share_in_wide_columns(x + whole * n, rows - whole, n, n, max, amounts, dx + whole * n, first);
}

}  // namespace

XTAPE_KERNEL(Maxima, {.of_rows = max_of_rows<T>,
                      .of_columns = max_of_columns<T>,
                      .count_in_rows = count_in_rows<T>,
                      .count_in_columns = count_in_columns<T>,
                      .shares = shares<T>,
                      .share_in_rows = share_in_rows<T>,
                      .share_in_columns = share_in_columns<T>});

}  // namespace xtape::kernels
