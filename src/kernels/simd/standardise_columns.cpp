// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/accumulator.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_blocks.hpp"
#include "kernels/standardise_columns_kernels.hpp"

namespace xtape::kernels {
namespace {

// A batch of column sums, which grow in registers for some rows.
template <class T, class Count>
class ColumnBatch {
 public:
  XTAPE_INLINE ColumnBatch(ColumnSums sums, std::size_t i, Count count)
      : sums_(sums.sums + i), errors_(sums.errors + i), count_(count), sum_(sums_, errors_, count) {}
  XTAPE_INLINE ~ColumnBatch() { sum_.keep(sums_, errors_, count_); }
  ColumnBatch(const ColumnBatch&) = delete;
  ColumnBatch& operator=(const ColumnBatch&) = delete;

  XTAPE_INLINE void add(Wide term) { sum_.add(term); }
  XTAPE_INLINE void add_product(Wide x, Wide y) { sum_.add_product(x, y); }

 private:
  double *sums_, *errors_;
  Count count_;
  Accumulator<PrecisionOf<T>> sum_;
};

// The distances of a batch of columns from their means; those of floats have no rest.
template <class T>
struct ColumnDistance {
  Wide mean, rest;
  template <class Count>
  XTAPE_INLINE ColumnDistance(ColumnStandards s, std::size_t i, Count count)
      : mean(load_some<Wide>(s.means + i, count, 0.0)), rest(load_some<Wide>(s.rests + i, count, 0.0)) {}
  XTAPE_INLINE Wide operator()(Wide x) const {
    if constexpr (sizeof(T) == 4) return x - mean;
    return (x - mean) - rest;
  }
};

template <class T>
void add_column_distances(const T* x, Columns columns, const double* centers, ColumnSums distances,
                          ColumnSums squares) {
  for_row_blocks_of_columns<double>(
      columns.rows, columns.count,
      [&]<class Count>(std::size_t i, Count count, std::size_t row, std::size_t end) {
        const Wide center = load_some<Wide>(centers + i, count, 0.0);
        ColumnBatch<T, Count> distance(distances, i, count), square(squares, i, count);
        for (; row < end; ++row) {
          const Wide d = load_some<Wide>(x + row * columns.step + i, count, T{0}) - center;
          distance.add(d);
          square.add_product(d, d);
        }
      });
}

template <class T>
void standardise_columns(const T* x, Columns columns, ColumnStandards standards, const double* factors,
                         const double* shifts, T* y) {
  for_row_blocks_of_columns<double>(
      columns.rows, columns.count,
      [&]<class Count>(std::size_t i, Count count, std::size_t row, std::size_t end) {
        const ColumnDistance<T> distance(standards, i, count);
        const Wide scale = load_some<Wide>(standards.scales + i, count, 0.0),
                   factor = load_some<Wide>(factors + i, count, 0.0) * scale,
                   shift = load_some<Wide>(shifts + i, count, 0.0);
        for (; row < end; ++row) {
          const std::size_t at = row * columns.step + i;
          store_some(multiply_add(distance(load_some<Wide>(x + at, count, T{0})), factor, shift), y + at,
                     count);
        }
      });
}

template <class T>
void add_column_slopes(const T* x, const T* dy, Columns columns, ColumnStandards standards, ColumnSums g,
                       ColumnSums gz) {
  for_row_blocks_of_columns<double>(
      columns.rows, columns.count,
      [&]<class Count>(std::size_t i, Count count, std::size_t row, std::size_t end) {
        const ColumnDistance<T> distance(standards, i, count);
        const Wide scale = load_some<Wide>(standards.scales + i, count, 0.0);
        ColumnBatch<T, Count> sum(g, i, count), product(gz, i, count);
        for (; row < end; ++row) {
          const std::size_t at = row * columns.step + i;
          const Wide slope = load_some<Wide>(dy + at, count, T{0});
          sum.add(slope);
          product.add_product(slope, distance(load_some<Wide>(x + at, count, T{0})) * scale);
        }
      });
}

template <class T>
void column_gradient(const T* x, const T* dy, Columns columns, ColumnStandards standards,
                     const double* means_g, const double* means_gz, const double* scales, T* dx, bool first) {
  for_row_blocks_of_columns<double>(
      columns.rows, columns.count,
      [&]<class Count>(std::size_t i, Count count, std::size_t row, std::size_t end) {
        const ColumnDistance<T> distance(standards, i, count);
        const Wide mean_g = load_some<Wide>(means_g + i, count, 0.0),
                   slope_of_d = load_some<Wide>(standards.scales + i, count, 0.0) *
                                load_some<Wide>(means_gz + i, count, 0.0),
                   scale = load_some<Wide>(scales + i, count, 0.0);
        for (; row < end; ++row) {
          const std::size_t at = row * columns.step + i;
          const Wide g = load_some<Wide>(dy + at, count, T{0});
          const Wide d = distance(load_some<Wide>(x + at, count, T{0}));
          const Wide slope = multiply_add(d, -slope_of_d, g - mean_g) * scale;
          store_some(first ? slope : load_some<Wide>(dx + at, count, T{0}) + slope, dx + at, count);
        }
      });
}

}  // namespace

XTAPE_KERNEL(StandardiseColumns, {.add_distances = add_column_distances<T>,
                                  .value = standardise_columns<T>,
                                  .add_slopes = add_column_slopes<T>,
                                  .gradient = column_gradient<T>});

}  // namespace xtape::kernels
