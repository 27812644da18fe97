// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/column_exponentials.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_normalisers.hpp"

namespace xtape::kernels {
namespace {

// log1p(rest) of each row
template <class T, std::size_t rows>
XTAPE_INLINE void take_logarithms(const RowSums<T, rows>& sums, double* logarithms) {
  for_each_batch<double>(rows, [&](std::size_t r, auto count) {
    store_some(log1p_of_positive<PrecisionOf<T>>(load_some<Wide>(sums.rest + r, count, 0.0)), logarithms + r,
               count);
  });
}

// y = (x - max) - log1p(rest)
template <class T>
void log_softmax(const T* x, std::size_t rows, std::size_t classes, T* y, RowNormaliser<T>* normalisers) {
  for_row_blocks<false>(
      x, rows, classes, y, [&]<class Block>(Block& block, const auto& sums, std::size_t first) {
        keep_normalisers(block, sums, normalisers + first);
        double log_rest[Block::most_rows];
        take_logarithms(sums, log_rest);
        const Batch<T> max = block.of_row(sums.max), log_rests = block.of_row(log_rest);
        T* const values = block.values(y + first * classes);
        for_each_batch<T>(block.elements(), [&](std::size_t j, auto count) {
          store_some((load_some<Batch<T>>(block.x() + j, count, T{0}) - max) - log_rests, values + j, count);
        });
        block.write(values, y + first * classes);
      });
}

template <class T>
void log_softmax_of_columns(const T* x, Columns columns, T* y, RowNormaliser<T>* normalisers) {
  T* const nowhere = nullptr;
  for_column_blocks<false>(x, columns, nowhere, [&](std::size_t i, auto count, const auto& sums) {
    double log_rest[lanes<T>];
    take_logarithms(sums, log_rest);
    const Batch<T> max = load<Batch<T>>(sums.max), log_rests = BatchOfColumns<T>::of_row(log_rest);
    for (std::size_t row = 0; row < columns.rows; ++row) {
      const std::size_t at = row * columns.step + i;
      store_some((load_some<Batch<T>>(x + at, count, T{0}) - max) - log_rests, y + at, count);
    }
    for (std::size_t c = 0; c < lanes<T> && i + c < columns.count; ++c)
      normalisers[i + c] = {sums.max[c], sums.rest[c]};
  });
}

// dx = dy - p sum(dy) with p = e^(x - max) / (1 + rest), which is not e^y: y has lost the digits that x - max
// had. For the only most probable, dx = dy (1 - p) - p (sum of the other dy), so that nothing cancels where p
// is near 1.
template <class T>
void log_softmax_gradient_of_long_rows(const T* x, const RowNormaliser<T>* normalisers, const T* dy,
                                       std::size_t rows, std::size_t classes, T* dx, bool first) {
  for (std::size_t r = 0; r < rows; ++r, x += classes, dy += classes, dx += classes) {
    const T largest = normalisers[r].max;
    const double rest = normalisers[r].rest;
    const Batch<T> max(largest), zero(T{0});
    enum { top, others };
    Accumulator<T> sum[2];
    Batch<T> count_of_largest(T{0});
    add_up<T>(classes, sum, [&](std::size_t j, auto count, Batch<T>(&term)[2]) {
      fetch_if_whole(x + j + classes, count);
      fetch_if_whole(dy + j + classes, count);
      const Batch<T> slope = load_some<Batch<T>>(dy + j, count, T{0});
      const auto is_largest = load_some<Batch<T>>(x + j, count, -std::numeric_limits<T>::infinity()) == max;
      count_of_largest = xsimd::select(is_largest, count_of_largest + Batch<T>(T{1}), count_of_largest);
      term[top] = xsimd::select(is_largest, slope, zero);
      term[others] = xsimd::select(is_largest, zero, slope);
    });
    const double inverse = inverse_of_1_plus<T>(rest).value, of_top = sum[top].total(),
                 of_others = sum[others].total();
    const Batch<T> top_slope(static_cast<T>(inverse * (of_top * rest - of_others)));
    const bool is_alone = sum_of_lanes(count_of_largest) == 1;
    const Batch<T> only_largest(is_alone ? largest : std::numeric_limits<T>::quiet_NaN());
    with_exponent(largest, [&](const auto& exponent) {
      // Beside an infinite logit all others have e = 0.
      const double scale = largest - largest == 0 ? exponent.scale(largest) : 1;
      const Batch<T> total(static_cast<T>(-(of_top + of_others) * inverse * scale));
      for_each_batch<T>(classes, [&](std::size_t j, auto count) {
        fetch_to_write_if_whole(dx + j + classes, count);
        const Batch<T> logit = load_some<Batch<T>>(x + j, count, T{0});
        const Batch<T> of_other =
            multiply_add(total, exponent(logit), load_some<Batch<T>>(dy + j, count, T{0}));
        const Batch<T> slope = xsimd::select(logit == only_largest, top_slope, of_other);
        store_some(first ? slope : slope + load_some<Batch<T>>(dx + j, count, T{0}), dx + j, count);
      });
    });
  }
}

// The same of a batch of columns.
template <class T, class Count>
XTAPE_INLINE void gradient_of_batch(const T* x, const RowNormaliser<T>* normalisers, const T* dy,
                                    Columns columns, Count count, T* dx, bool first) {
  const Batch<T> zero(T{0}), one(T{1});
  T largest[lanes<T>] = {};
  double rest[lanes<T>] = {};
  for (std::size_t c = 0; c < columns.count; ++c) {
    largest[c] = normalisers[c].max;
    rest[c] = normalisers[c].rest;
  }
  const Batch<T> max = load<Batch<T>>(largest);
  enum { top, others };
  Accumulator<T> sum[2];
  Batch<T> count_of_largest = zero;  // which need not be right when it is large
  add_up<T>(columns.rows * lanes<T>, sum, [&](std::size_t j, auto, Batch<T>(&term)[2]) {
    const std::size_t at = j / lanes<T> * columns.step;
    const Batch<T> slope = load_some<Batch<T>>(dy + at, count, T{0});
    const auto is_largest = load_some<Batch<T>>(x + at, count, T{0}) == max;
    count_of_largest = xsimd::select(is_largest, count_of_largest + one, count_of_largest);
    term[top] = xsimd::select(is_largest, slope, zero);
    term[others] = xsimd::select(is_largest, zero, slope);
  });
  const auto is_alone = count_of_largest == one;
  const Batch<T> only_largest = xsimd::select(is_alone, max, Batch<T>(std::numeric_limits<T>::quiet_NaN()));
  with_exponent(max, [&](const auto& exponent) {
    double of_top[lanes<T>], of_others[lanes<T>], top_slopes[lanes<T>], factors[lanes<T>];
    sum[top].store(of_top);
    sum[others].store(of_others);
    T e[lanes<T>];
    store(exponential_of_largest(exponent, max), e);
    for_rows<lanes<T>>([&]<class D>(std::size_t r, D) {
      const D above = load_rows<D>(of_top + r), below = load_rows<D>(of_others + r),
              inverse = inverse_of_1_plus<T>(load_rows<D>(rest + r)).value;
      store_rows(inverse * (above * load_rows<D>(rest + r) - below), top_slopes + r);
      store_rows(-(above + below) * inverse / load_rows<D>(e + r), factors + r);
    });
    const Batch<T> top_slope = BatchOfColumns<T>::of_row(top_slopes),
                   factor = BatchOfColumns<T>::of_row(factors);
    for (std::size_t row = 0; row < columns.rows; ++row) {
      const std::size_t at = row * columns.step;
      const Batch<T> logit = load_some<Batch<T>>(x + at, count, T{0});
      const Batch<T> of_other =
          multiply_add(factor, exponent(logit), load_some<Batch<T>>(dy + at, count, T{0}));
      const Batch<T> slope = xsimd::select(logit == only_largest, top_slope, of_other);
      store_some(first ? slope : slope + load_some<Batch<T>>(dx + at, count, T{0}), dx + at, count);
    }
  });
}

template <class T>
void log_softmax_columns_gradient(const T* x, const RowNormaliser<T>* normalisers, const T* dy,
                                  Columns columns, T* dx, bool first) {
  for_each_batch<T>(columns.count, [&](std::size_t i, auto count) {
    const std::size_t left = columns.count - i, some = left < lanes<T> ? left : lanes<T>;
    gradient_of_batch(x + i, normalisers + i, dy + i, {columns.rows, columns.step, some}, count, dx + i,
                      first);
  });
}

template <class T>
void log_softmax_gradient(const T* x, const RowNormaliser<T>* normalisers, const T* dy, std::size_t rows,
                          std::size_t classes, T* dx, bool first) {
  if (classes > few_classes)
    return log_softmax_gradient_of_long_rows(x, normalisers, dy, rows, classes, dx, first);
  for_short_rows_as_columns(x, dy, rows, classes, dx, first,
                            [&](std::size_t row, std::size_t some, const T* columns_of_x,
                                const T* columns_of_dy, Columns columns, T* columns_of_dx) {
                              gradient_of_batch(columns_of_x, normalisers + row, columns_of_dy,
                                                {columns.rows, columns.step, some}, All(), columns_of_dx,
                                                true);
                            });
}

}  // namespace

XTAPE_KERNEL(LogSoftmax, {.value = log_softmax<T>,
                          .gradient = log_softmax_gradient<T>,
                          .value_of_columns = log_softmax_of_columns<T>,
                          .gradient_of_columns = log_softmax_columns_gradient<T>});

}  // namespace xtape::kernels
