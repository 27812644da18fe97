// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/accumulator.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_blocks.hpp"
#include "kernels/simd/short_rows.hpp"
#include "kernels/sum_kernels.hpp"

namespace xtape::kernels {
namespace {

// The sum of n elements, in lanes.
template <class Precision, class X>
XTAPE_INLINE Accumulator<Precision> sum_in_lanes(const X* x, std::size_t n) {
  Accumulator<Precision> sums[4];
  std::size_t i = 0;
  for (; i + 4 * lanes<double> <= n; i += 4 * lanes<double>) {
    for (std::size_t k = 0; k < 4; ++k) sums[k].add(load<Wide>(x + i + k * lanes<double>));
  }
  for_each_batch<double>(n - i, [&](std::size_t offset, auto count) {
    sums[0].add(load_some<Wide>(x + i + offset, count, X{0}));
  });
  for (std::size_t k = 1; k < 4; ++k) sums[0].add(sums[k]);
  return sums[0];
}

template <class Precision, class X>
double sum(const X* x, std::size_t n) {
  return sum_in_lanes<Precision>(x, n).total();
}

// The sum of the squares of n elements, each multiplied by `scale` first.
template <class T>
double sum_of_squares(const T* x, std::size_t n, double scale) {
  const Wide factor(scale);
  Wide sums[4] = {Wide(0.0), Wide(0.0), Wide(0.0), Wide(0.0)};
  const auto add = [&](Wide& sum, Wide elements) {
    const Wide scaled = elements * factor;
    sum = multiply_add(scaled, scaled, sum);
  };
  std::size_t i = 0;
  for (; i + 4 * lanes<double> <= n; i += 4 * lanes<double>) {
    for (std::size_t k = 0; k < 4; ++k) add(sums[k], load<Wide>(x + i + k * lanes<double>));
  }
  for_each_batch<double>(n - i, [&](std::size_t offset, auto count) {
    add(sums[0], load_some<Wide>(x + i + offset, count, T{0}));
  });
  return sum_of_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

// The sums of rows of n elements, `step` apart, and what those of doubles lose to `errors`. Short rows are
// added up side by side.
template <class T>
void row_sums(const T* x, std::size_t rows, std::size_t step, std::size_t n, double* sums, double* errors) {
  std::size_t row = for_short_rows(x, rows, step, n, [&](std::size_t first, auto column) {
    Accumulator<T> total;
    for (std::size_t i = 0; i < n; ++i) total.add(column(i));
    if constexpr (sizeof(T) == 8) {
      total.store(sums + first, errors + first);
    } else {
      total.store(sums + first);
    }
  });
  for (; row < rows; ++row) {
    const auto total = sum_in_lanes<PrecisionOf<T>>(x + row * step, n);
    if constexpr (sizeof(T) == 8) {
      sums[row] = total.total(errors[row]);
    } else {
      sums[row] = total.total();
    }
  }
}

// Adds rows of n elements, `step` apart, to as many sums, and what the sums of doubles lose to `errors`.
template <class T>
void add_wide_rows(const T* x, std::size_t rows, std::size_t step, std::size_t n, double* sums,
                   double* errors) {
  const auto add = [&](std::size_t i, auto count, Wide term) {
    add_to_sums<T>(term, count, sums + i, errors + i);
  };
  const auto element = [&](std::size_t row, std::size_t i, auto count) {
    return load_some<Wide>(x + row * step + i, count, T{0});
  };
  std::size_t row = 0;
  for (; sizeof(T) == 4 && row + 4 <= rows; row += 4) {
    for_each_batch<double>(n, [&](std::size_t i, auto count) {
      add(i, count,
          (element(row, i, count) + element(row + 1, i, count)) +
              (element(row + 2, i, count) + element(row + 3, i, count)));
    });
  }
  for (; row < rows; ++row) {
    for_each_batch<double>(n, [&](std::size_t i, auto count) { add(i, count, element(row, i, count)); });
  }
}

template <class T>
void add_rows(const T* x, std::size_t rows, std::size_t step, std::size_t n, double* sums, double* errors) {
  // Few take less time than what has to be prepared for more, but for parts of batches without masks.
  constexpr std::size_t few = 64;
  const bool are_few = rows <= few && (n % lanes<double> == 0 || lanes<double> == 8);
  const std::size_t together = rows / lanes<T>, whole = together * lanes<T>, columns = n * lanes<T>;
  if (are_few || !are_narrow<T>(rows, step, n)) return add_wide_rows(x, rows, step, n, sums, errors);
  double of_columns[narrow * lanes<T>], lost[narrow * lanes<T>];
  for (std::size_t i = 0; i < columns; ++i) of_columns[i] = lost[i] = 0;
  add_wide_rows(x, together, columns, columns, of_columns, lost);
  for (std::size_t i = 0; i < columns; i += n) {
    for_each_batch<double>(n, [&](std::size_t j, auto count) {
      add_to_sums<T>(load_some<Wide>(of_columns + i + j, count, 0.0), count, sums + j, errors + j);
      if constexpr (sizeof(T) == 8) {
        store_some(load_some<Wide>(errors + j, count, 0.0) + load_some<Wide>(lost + i + j, count, 0.0),
                   errors + j, count);
      }
    });
  }
  add_wide_rows(x + whole * n, rows - whole, n, n, sums, errors);
}

template <class T>
void divide(const T* x, std::size_t n, double divisor, T* y) {
  for_each_batch<double>(n, [&](std::size_t i, auto count) {
    store_some(load_some<Wide>(x + i, count, T{0}) / Wide(divisor), y + i, count);
  });
}

template <class T>
void write_quotients(const double* sums, std::size_t n, double divisor, T* y, bool first) {
  for_each_batch<double>(n, [&](std::size_t i, auto count) {
    const Wide sum = load_some<Wide>(sums + i, count, 0.0);
    const Wide quotient = divisor == 1 ? sum : sum / Wide(divisor);
    store_some(first ? quotient : load_some<Wide>(y + i, count, T{0}) + quotient, y + i, count);
  });
}

}  // namespace

XTAPE_KERNEL(Sums, {.sum = sum<PrecisionOf<T>, T>,
                    .sum_of_doubles = sum<PrecisionOf<T>, double>,
                    .sum_of_squares = sum_of_squares<T>,
                    .row_sums = row_sums<T>,
                    .add_rows = add_rows<T>,
                    .divide = divide<T>,
                    .write_quotients = write_quotients<T>});

}  // namespace xtape::kernels
