// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/standardise_rows_kernels.hpp"

#include "kernels/simd/distances.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_blocks.hpp"
#include "kernels/simd/sum_lanes.hpp"

namespace xtape::kernels {
namespace {

// The totals of sums, each of a row: alike for a row alone and among others.
template <std::size_t rows>
XTAPE_INLINE Wide totals_of(const Accumulator<Single> (&sums)[rows]) {
  Wide all[lanes<double>];
  for (std::size_t r = 0; r < lanes<double>; ++r) all[r] = r < rows ? sums[r].value() : Wide(0.0);
  double totals[lanes<double>];
  sum_lanes<double>(all, totals);
  return load<Wide>(totals);
}
template <std::size_t rows>
XTAPE_INLINE Wide totals_of(const Accumulator<double> (&sums)[rows]) {
  double totals[lanes<double>];
  for (std::size_t r = 0; r < lanes<double>; ++r) totals[r] = r < rows ? sums[r].total() : 0.0;
  return load<Wide>(totals);
}

inline constexpr std::size_t most_rows = 64;  // of which something is known at a time

// Calls work(first row, how many: a constant) for several rows at a time, so that none waits for another.
template <class Work>
XTAPE_INLINE void for_some_rows(std::size_t rows, Work work) {
  std::size_t row = 0;
  for (; row + lanes<double> <= rows; row += lanes<double>)
    work(row, std::integral_constant<std::size_t, lanes<double>>());
  for (; row < rows; ++row) work(row, std::integral_constant<std::size_t, 1>());
}

template <class T>
XTAPE_INLINE double center_of_row(const T* x, std::size_t n) {
  if constexpr (!center_is_mean<T>) return static_cast<double>(x[0]);
  Accumulator<PrecisionOf<T>> sum;
  for_each_batch<double>(n, [&](std::size_t i, auto count) { sum.add(load_some<Wide>(x + i, count, T{0})); });
  return sum.total() / static_cast<double>(n);
}

template <std::size_t rows, class T>
XTAPE_INLINE MomentsAbout<Wide> moments_of_rows(const T* x, std::size_t n) {
  double center[lanes<double>];
  for (std::size_t r = 0; r < lanes<double>; ++r) center[r] = r < rows ? center_of_row(x + r * n, n) : 0.0;
  return moments_from<T>(load<Wide>(center), [&](Wide centers) {
    store(centers, center);
    Accumulator<PrecisionOf<T>> distances[rows], squares[rows];
    for_each_batch<double>(n, [&](std::size_t i, auto count) {
      for (std::size_t r = 0; r < rows; ++r) {
        const Wide d = only_some(load_some<Wide>(x + r * n + i, count, T{0}) - Wide(center[r]), count);
        distances[r].add(d);
        squares[r].add_product(d, d);
      }
    });
    return MomentsAbout<Wide>(centers, totals_of(distances), totals_of(squares), static_cast<double>(n));
  });
}

// Calls work(first row, rows) for as many rows at a time as a cache holds: all means are known before the
// first of them is used, so that nothing waits for them.
template <class Work>
XTAPE_INLINE void for_rows_in_cache(std::size_t rows, std::size_t n, Work work) {
  const std::size_t fit = 4096 / n;
  const std::size_t together = fit < lanes<double> ? lanes<double> : fit < most_rows ? fit : most_rows;
  for (std::size_t row = 0; row < rows; row += together)
    work(row, rows - row < together ? rows - row : together);
}

template <std::size_t rows, class T>
void find_standards(const T* x, std::size_t n, double epsilon, Standard* standards) {
  const MomentsAbout<Wide> moments = moments_of_rows<rows>(x, n);
  double mean[lanes<double>], rest[lanes<double>], scale[lanes<double>];
  store(moments.mean, mean);
  store(moments.rest, rest);
  store(Wide(1.0) / xsimd::sqrt(moments.variance + Wide(epsilon)), scale);
  for (std::size_t r = 0; r < rows; ++r) standards[r] = {mean[r], rest[r], scale[r]};
}

template <class T, class Count>
XTAPE_INLINE Wide factor_of_columns(const T* factors, std::size_t i, Count count) {
  return factors == nullptr ? Wide(1.0) : load_some<Wide>(factors + i, count, T{0});
}

template <std::size_t rows, class T>
void standardise_by(const Standard* standards, const T* x, std::size_t n, const T* factors, const T* shifts,
                    T* y) {
  Distance<PrecisionOf<T>> distance[rows];
  Wide scale[rows];
  for (std::size_t r = 0; r < rows; ++r) {
    distance[r] = Distance<PrecisionOf<T>>(standards[r]);
    scale[r] = Wide(standards[r].scale);
  }
  for_each_batch<double>(n, [=](std::size_t i, auto count) {
    const Wide factor = factor_of_columns(factors, i, count),
               shift = shifts == nullptr ? Wide(0.0) : load_some<Wide>(shifts + i, count, T{0});
    for (std::size_t r = 0; r < rows; ++r) {
      const Wide z = distance[r](load_some<Wide>(x + r * n + i, count, T{0})) * scale[r];
      store_some(multiply_add(z, factor, shift), y + r * n + i, count);
    }
  });
}

// y = z factor + shift
template <class T>
void standardise_rows(const T* x, std::size_t rows, std::size_t n, double epsilon, const T* factors,
                      const T* shifts, Standard* standards, T* y) {
  for_rows_in_cache(rows, n, [=](std::size_t begin, std::size_t count) {
    Standard own[most_rows];
    Standard* const of_rows = standards == nullptr ? own : standards + begin;
    const T* const from = x + begin * n;
    for_some_rows(count, [=](std::size_t row, auto some) {
      find_standards<some>(from + row * n, n, epsilon, of_rows + row);
    });
    for_some_rows(count, [=](std::size_t row, auto some) {
      standardise_by<some>(of_rows + row, from + row * n, n, factors, shifts, y + (begin + row) * n);
    });
  });
}

// The gradient of a row: dx = (g - mean of g + d slope) scale, where d is the distance from the mean.
struct RowSlope {
  double mean_g, slope;
};

template <std::size_t rows, class T>
void find_slopes(const T* x, const T* dy, std::size_t n, const Standard* standards, const T* factors,
                 RowSlope* slopes) {
  Distance<PrecisionOf<T>> distance[rows];
  for (std::size_t r = 0; r < rows; ++r) distance[r] = Distance<PrecisionOf<T>>(standards[r]);
  Accumulator<PrecisionOf<T>> sums_g[rows], sums_gd[rows];
  for_each_batch<double>(n, [&](std::size_t i, auto count) {
    const Wide factor = factor_of_columns(factors, i, count);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t at = r * n + i;
      const Wide g = load_some<Wide>(dy + at, count, T{0}) * factor;
      sums_g[r].add(g);
      sums_gd[r].add_product(g, distance[r](load_some<Wide>(x + at, count, T{0})));
    }
  });
  double mean_g[lanes<double>], mean_gd[lanes<double>];
  const Wide elements(static_cast<double>(n));
  store(totals_of(sums_g) / elements, mean_g);
  store(totals_of(sums_gd) / elements, mean_gd);
  for (std::size_t r = 0; r < rows; ++r) {
    const double scale = standards[r].scale;
    slopes[r] = {mean_g[r], -(mean_gd[r] * scale) * scale};
  }
}

template <std::size_t rows, class T>
void add_gradient_by(const RowSlope* slopes, const T* x, const T* dy, std::size_t n,
                     const Standard* standards, const T* factors, T* dx, bool first) {
  Distance<PrecisionOf<T>> distance[rows];
  Wide mean_g[rows], slope[rows], scale[rows];
  for (std::size_t r = 0; r < rows; ++r) {
    distance[r] = Distance<PrecisionOf<T>>(standards[r]);
    mean_g[r] = Wide(slopes[r].mean_g);
    slope[r] = Wide(slopes[r].slope);
    scale[r] = Wide(standards[r].scale);
  }
  for_each_batch<double>(n, [=](std::size_t i, auto count) {
    const Wide factor = factor_of_columns(factors, i, count);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t at = r * n + i;
      const Wide g = load_some<Wide>(dy + at, count, T{0}) * factor;
      const Wide d = distance[r](load_some<Wide>(x + at, count, T{0}));
      const Wide result = multiply_add(d, slope[r], g - mean_g[r]) * scale[r];
      store_some(first ? result : load_some<Wide>(dx + at, count, T{0}) + result, dx + at, count);
    }
  });
}

// dx = (g - mean of g - z mean of g z) scale
template <class T>
void standardise_rows_gradient(const T* x, const T* dy, std::size_t rows, std::size_t n,
                               const Standard* standards, const T* factors, T* dx, bool first) {
  for_rows_in_cache(rows, n, [=](std::size_t begin, std::size_t count) {
    RowSlope slopes[most_rows];
    RowSlope* const of_rows = slopes;
    for_some_rows(count, [=](std::size_t row, auto some) {
      const std::size_t at = (begin + row) * n;
      find_slopes<some>(x + at, dy + at, n, standards + begin + row, factors, of_rows + row);
    });
    for_some_rows(count, [=](std::size_t row, auto some) {
      const std::size_t at = (begin + row) * n;
      add_gradient_by<some>(of_rows + row, x + at, dy + at, n, standards + begin + row, factors, dx + at,
                            first);
    });
  });
}

template <class T>
void add_slopes_of_rows(const T* x, const T* dy, Columns columns, const Standard* standards, ColumnSums g,
                        ColumnSums gz) {
  using Sum = Accumulator<PrecisionOf<T>>;
  for_row_blocks_of_columns<double>(
      columns.rows, columns.count, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
        Sum sum(g.sums + i, g.errors + i, count), product(gz.sums + i, gz.errors + i, count);
        for (; row < end; ++row) {
          const std::size_t at = row * columns.step + i;
          const Standard& standard = standards[row];
          const Distance<PrecisionOf<T>> distance(standard);
          const Wide slope = load_some<Wide>(dy + at, count, T{0});
          sum.add(slope);
          product.add_product(slope, distance(load_some<Wide>(x + at, count, T{0})) * Wide(standard.scale));
        }
        sum.keep(g.sums + i, g.errors + i, count);
        product.keep(gz.sums + i, gz.errors + i, count);
      });
}

}  // namespace

XTAPE_KERNEL(StandardiseRows, {.value = standardise_rows<T>,
                               .gradient = standardise_rows_gradient<T>,
                               .add_slopes = add_slopes_of_rows<T>});

}  // namespace xtape::kernels
