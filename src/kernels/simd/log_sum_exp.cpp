// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_blocks.hpp"
#include "kernels/simd/row_normalisers.hpp"

namespace xtape::kernels {
namespace {

template <class T>
void normalise(const T* x, std::size_t rows, std::size_t classes, RowNormaliser<T>* normalisers,
               double* log_rests) {
  T* const nowhere = nullptr;
  for_row_blocks<false>(x, rows, classes, nowhere, [&](auto& block, const auto& sums, std::size_t first) {
    keep_normalisers(block, sums, normalisers + first);
    for (std::size_t r = 0; r < block.rows(); ++r) log_rests[first + r] = sums.rest[r];
  });
  for_each_batch<double>(rows, [&](std::size_t r, auto count) {
    const Wide rest = load_some<Wide>(log_rests + r, count, 0.0);
    store_some(log1p_of_positive<PrecisionOf<T>>(rest), log_rests + r, count);
  });
}

// What takes the elements of a row to their slopes: max, and dy / (1 + rest).
struct SlopeOfRow {
  double max, factor;
};

template <class T>
XTAPE_INLINE SlopeOfRow slope_of_row(const RowNormaliser<T>& normaliser, T dy) {
  return {static_cast<double>(normaliser.max),
          static_cast<double>(dy) * inverse_of_1_plus<T>(normaliser.rest).value};
}

// d/dx log(sum(e^x)) = softmax(x)
template <class T, class Count>
XTAPE_INLINE void add_softmax(const T* x, Wide max, Wide factor, T* dx, bool first, Count count) {
  const Wide logit = load_some<Wide>(x, count, T{0});
  const Wide e =
      xsimd::select(logit == max, Wide(1.0), exponential_of_difference<PrecisionOf<T>>(logit, max));
  store_some(first ? factor * e : load_some<Wide>(dx, count, T{0}) + factor * e, dx, count);
}

// Of rows that lie in so few batches that they are better seen as one.
template <class T>
void gradient_of_short_rows(const T* x, const RowNormaliser<T>* normalisers, const T* dy, std::size_t rows,
                            std::size_t classes, T* dx, bool first) {
  double max[few_classes], factor[few_classes];
  const std::size_t together = few_classes / classes;
  for (std::size_t begin = 0; begin < rows; begin += together) {
    const std::size_t end = rows - begin < together ? rows : begin + together;
    for (std::size_t r = begin; r < end; ++r) {
      const SlopeOfRow slope = slope_of_row(normalisers[r], dy[r]);
      for (std::size_t j = (r - begin) * classes; j < (r - begin + 1) * classes; ++j) {
        max[j] = slope.max;
        factor[j] = slope.factor;
      }
    }
    const std::size_t at = begin * classes;
    for_each_batch<double>((end - begin) * classes, [&](std::size_t j, auto count) {
      add_softmax(x + at + j, load_some<Wide>(max + j, count, 0.0), load_some<Wide>(factor + j, count, 0.0),
                  dx + at + j, first, count);
    });
  }
}

template <class T>
void log_sum_exp_gradient(const T* x, const RowNormaliser<T>* normalisers, const T* dy, std::size_t rows,
                          std::size_t classes, T* dx, bool first) {
  if (classes <= few_classes / 2) return gradient_of_short_rows(x, normalisers, dy, rows, classes, dx, first);
  for (std::size_t r = 0; r < rows; ++r, x += classes, dx += classes) {
    const SlopeOfRow slope = slope_of_row(normalisers[r], dy[r]);
    for_each_batch<double>(classes, [&](std::size_t j, auto count) {
      add_softmax(x + j, Wide(slope.max), Wide(slope.factor), dx + j, first, count);
    });
  }
}

constexpr std::size_t columns_together = 512;  // of which a cache holds what is known of them

// Adds up the exponentials of all but the largest of at most so many columns, and counts those.
template <class T>
void sum_columns(const T* x, std::size_t classes, std::size_t step, std::size_t n, const T* max,
                 double* others, double* errors, double* largest) {
  using Precision = PrecisionOf<T>;
  for_row_blocks_of_columns<double>(
      classes, n, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
        const Wide top = load_some<Wide>(max + i, count, T{0});
        Accumulator<Precision> sum(others + i, errors + i, count);
        Wide as_large = load_some<Wide>(largest + i, count, 0.0);
        for (; row < end; ++row) {
          const Wide logit = load_some<Wide>(x + row * step + i, count, T{0});
          const auto is_largest = logit == top;
          as_large = xsimd::select(is_largest, as_large + Wide(1.0), as_large);
          sum.add(xsimd::select(is_largest, Wide(0.0), exponential_of_difference<Precision>(logit, top)));
        }
        sum.keep(others + i, errors + i, count);
        store_some(as_large, largest + i, count);
      });
}

template <class T>
void normalise_columns(const T* x, std::size_t classes, std::size_t step, std::size_t n,
                       RowNormaliser<T>* normalisers, double* log_rests) {
  for (std::size_t begin = 0; begin < n; begin += columns_together) {
    const std::size_t columns = n - begin < columns_together ? n - begin : columns_together;
    T max[columns_together];
    for (std::size_t i = 0; i < columns; ++i) max[i] = x[begin + i];
    for_row_blocks_of_columns<T>(
        classes, columns, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
          Batch<T> top = load_some<Batch<T>>(max + i, count, T{0});
          for (; row < end; ++row)
            top = xsimd::max(top, load_some<Batch<T>>(x + begin + row * step + i, count, T{0}));
          store_some(top, max + i, count);
        });
    double others[columns_together] = {}, errors[columns_together] = {}, largest[columns_together] = {};
    sum_columns(x + begin, classes, step, columns, max, others, errors, largest);
    for_each_batch<double>(columns, [&](std::size_t i, auto count) {
      const Wide top = load_some<Wide>(max + i, count, T{0});
      const Wide ties = load_some<Wide>(largest + i, count, 0.0) - Wide(1.0);
      const Wide nothing = Wide(0.0) * (top - top);  // NaN if the largest is infinite
      const Wide sum = load_some<Wide>(others + i, count, 0.0) + load_some<Wide>(errors + i, count, 0.0);
      const Wide rest = sum + ties + nothing;
      store_some(rest, others + i, count);
      store_some(log1p_of_positive<PrecisionOf<T>>(rest), log_rests + begin + i, count);
    });
    for (std::size_t i = 0; i < columns; ++i) normalisers[begin + i] = {max[i], others[i]};
  }
}

template <class T>
void log_sum_exp_columns_gradient(const T* x, const RowNormaliser<T>* normalisers, const T* dy,
                                  std::size_t classes, std::size_t step, std::size_t n, T* dx, bool first) {
  for (std::size_t begin = 0; begin < n; begin += columns_together) {
    const std::size_t columns = n - begin < columns_together ? n - begin : columns_together;
    double max[columns_together], factor[columns_together];
    for (std::size_t i = 0; i < columns; ++i) {
      const SlopeOfRow slope = slope_of_row(normalisers[begin + i], dy[begin + i]);
      max[i] = slope.max;
      factor[i] = slope.factor;
    }
    for_row_blocks_of_columns<double>(classes, columns,
                                      [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
                                        const Wide top = load_some<Wide>(max + i, count, 0.0),
                                                   slope = load_some<Wide>(factor + i, count, 0.0);
                                        for (; row < end; ++row) {
                                          const std::size_t at = begin + row * step + i;
                                          add_softmax(x + at, top, slope, dx + at, first, count);
                                        }
                                      });
  }
}

}  // namespace

XTAPE_KERNEL(LogSumExp, {.normalise = normalise<T>,
                         .gradient = log_sum_exp_gradient<T>,
                         .normalise_columns = normalise_columns<T>,
                         .columns_gradient = log_sum_exp_columns_gradient<T>});

}  // namespace xtape::kernels
