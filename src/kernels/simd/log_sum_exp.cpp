// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/column_exponentials.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_normalisers.hpp"
#include "kernels/simd/short_rows.hpp"

namespace xtape::kernels {
namespace {

// Each rest becomes log(1 + rest).
template <class T>
void logarithms_of(double* rests, std::size_t n) {
  for_each_batch<double>(n, [&](std::size_t i, auto count) {
    store_some(log1p_of_positive<PrecisionOf<T>>(load_some<Wide>(rests + i, count, 0.0)), rests + i, count);
  });
}

template <class T>
void normalise(const T* x, std::size_t rows, std::size_t classes, RowNormaliser<T>* normalisers,
               double* log_rests) {
  T* const nowhere = nullptr;
  for_row_blocks<false>(x, rows, classes, nowhere, [&](auto& block, const auto& sums, std::size_t first) {
    keep_normalisers(block, sums, normalisers + first);
    for (std::size_t r = 0; r < block.rows(); ++r) log_rests[first + r] = sums.rest[r];
  });
  logarithms_of<T>(log_rests, rows);
}

// d/dx log(sum(e^x)) = softmax(x): the slopes of a row are dy e^(x - max) / (1 + rest). Here that of the
// largest, for some rows.
template <class T, std::size_t most>
struct SlopesOfRows {
  T max[most];
  double of_largest[most];
  bool are_ordinary = true;  // If not, floats would lose what small slopes are, of a tiny dy say.

  SlopesOfRows(const RowNormaliser<T>* normalisers, const T* dy, std::size_t rows) {
    static_assert(most % lanes<double> == 0);
    double rest[most];
    for (std::size_t r = 0; r < rows; ++r) {
      max[r] = normalisers[r].max;
      rest[r] = normalisers[r].rest;
    }
    for_each_batch<double>(rows, [&](std::size_t r, auto count) {
      const Wide slope = load_some<Wide>(dy + r, count, T{0}) *
                         inverse_of_1_plus<T>(load_some<Wide>(rest + r, count, 0.0)).value;
      store(slope, of_largest + r);
      const Wide size = magnitude(slope), top = load_some<Wide>(max + r, count, T{0});
      const auto is_ordinary = ((size >= Wide(0x1p-60)) & (size <= Wide(0x1p127))) | (size == Wide(0.0));
      are_ordinary = are_ordinary && xsimd::all(is_ordinary & (top - top == Wide(0.0)));
    });
  }
};

template <class B, class T, class Count>
XTAPE_INLINE void add_slope(B slope, T* dx, bool first, Count count) {
  store_some(first ? slope : load_some<B>(dx, count, T{0}) + slope, dx, count);
}

template <class T, class Count>
XTAPE_INLINE void add_slopes(const T* x, Wide max, Wide of_largest, T* dx, bool first, Count count) {
  const Wide logit = load_some<Wide>(x, count, T{0});
  const Wide e =
      xsimd::select(logit == max, Wide(1.0), exponential_of_difference<PrecisionOf<T>>(logit, max));
  add_slope(of_largest * e, dx, first, count);
}

// The same in floats.
template <class Exponent, class Count>
XTAPE_INLINE void add_slopes(const float* x, Batch<float> max, const Exponent& exponent,
                             const ExactFactor<float>& factor, Batch<float> of_largest, float* dx, bool first,
                             Count count) {
  const Batch<float> logit = load_some<Batch<float>>(x, count, 0.0F);
  add_slope(xsimd::select(logit == max, of_largest, exponent.parts(logit).times(factor)), dx, first, count);
}

inline constexpr std::size_t rows_together = 64, most_elements = 1024;  // of long and of short rows

template <class T>
void gradient_of_row(const T* x, T max, double of_largest, bool in_floats, std::size_t classes, T* dx,
                     bool first) {
  if constexpr (sizeof(T) == 4) {
    if (in_floats) {
      return with_exponent(max, [&](const auto& exponent) {
        const double exact = of_largest * exponent.scale(max);
        const auto rounded = static_cast<float>(exact);
        const ExactFactor<float> factor{rounded, static_cast<float>(exact - rounded)};
        const Batch<float> slope(static_cast<float>(of_largest));
        for_each_batch<float>(classes, [&](std::size_t j, auto count) {
          add_slopes(x + j, Batch<float>(max), exponent, factor, slope, dx + j, first, count);
        });
      });
    }
  }
  for_each_batch<double>(classes, [&](std::size_t j, auto count) {
    add_slopes(x + j, Wide(static_cast<double>(max)), Wide(of_largest), dx + j, first, count);
  });
}

template <class T>
void gradient_of_long_rows(const T* x, const RowNormaliser<T>* normalisers, const T* dy, std::size_t rows,
                           std::size_t classes, T* dx, bool first) {
  const SlopesOfRows<T, rows_together> slopes(normalisers, dy, rows);
  for (std::size_t r = 0; r < rows; ++r) {
    gradient_of_row(x + r * classes, slopes.max[r], slopes.of_largest[r], slopes.are_ordinary, classes,
                    dx + r * classes, first);
  }
}

// Rows of so few elements that they are better seen as one, each with the numbers of its row beside it.
void gradient_of_short_rows_in_floats(const float* x, const SlopesOfRows<float, most_elements>& slopes,
                                      std::size_t rows, std::size_t classes, float* dx, bool first) {
  using F = Batch<float>;
  constexpr std::size_t size = most_elements + lanes<float>;
  float of_row[2][most_elements], max[size], factors[size], rests[size];
  for (std::size_t r = 0; r < rows; ++r) {
    const double factor = slopes.of_largest[r] * Anywhere<float>::scale(0);
    of_row[0][r] = static_cast<float>(factor);
    of_row[1][r] = static_cast<float>(factor - static_cast<double>(of_row[0][r]));
  }
  spread(slopes.max, rows, classes, max);
  spread(of_row[0], rows, classes, factors);
  spread(of_row[1], rows, classes, rests);
  for_each_batch<float>(rows * classes, [&](std::size_t j, auto count) {
    const auto at_j = [&](const float* from) { return load_some<F>(from + j, count, 0.0F); };
    const Anywhere<float> exponent(at_j(max));
    const ExactFactor<float> factor{at_j(factors), at_j(rests)};
    add_slope(exponent.parts(at_j(x)).times(factor), dx + j, first, count);
  });
}

template <class T>
void gradient_of_short_rows(const T* x, const RowNormaliser<T>* normalisers, const T* dy, std::size_t rows,
                            std::size_t classes, T* dx, bool first) {
  const SlopesOfRows<T, most_elements> slopes(normalisers, dy, rows);
  if constexpr (sizeof(T) == 4) {
    if (slopes.are_ordinary) return gradient_of_short_rows_in_floats(x, slopes, rows, classes, dx, first);
  }
  T max[most_elements + lanes<T>];
  double of_largest[most_elements + lanes<T>];
  spread(slopes.max, rows, classes, max);
  spread(slopes.of_largest, rows, classes, of_largest);
  for_each_batch<double>(rows * classes, [&](std::size_t j, auto count) {
    add_slopes(x + j, load_some<Wide>(max + j, count, T{0}), load_some<Wide>(of_largest + j, count, 0.0),
               dx + j, first, count);
  });
}

template <class T>
void log_sum_exp_gradient(const T* x, const RowNormaliser<T>* normalisers, const T* dy, std::size_t rows,
                          std::size_t classes, T* dx, bool first) {
  const bool are_short = classes <= few_classes;
  const std::size_t together = are_short ? most_elements / classes : rows_together;
  for (std::size_t r = 0; r < rows; r += together) {
    const std::size_t some = rows - r < together ? rows - r : together, at = r * classes;
    (are_short ? gradient_of_short_rows<T> : gradient_of_long_rows<T>)(x + at, normalisers + r, dy + r, some,
                                                                       classes, dx + at, first);
  }
}

template <class T>
void normalise_columns(const T* x, Columns columns, RowNormaliser<T>* normalisers, double* log_rests) {
  T* const nowhere = nullptr;
  for_column_blocks<false>(x, columns, nowhere, [&](std::size_t i, auto, const auto& sums) {
    for (std::size_t c = 0; c < lanes<T> && i + c < columns.count; ++c) {
      normalisers[i + c] = {sums.max[c], sums.rest[c]};
      log_rests[i + c] = sums.rest[c];
    }
  });
  logarithms_of<T>(log_rests, columns.count);
}

template <class T>
void gradient_of_columns(const T* x, Columns columns, const SlopesOfRows<T, columns_together>& slopes, T* dx,
                         bool first) {
  for_row_blocks_of_columns<double>(
      columns.rows, columns.count, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
        const Wide max = load_some<Wide>(slopes.max + i, count, T{0}),
                   of_largest = load_some<Wide>(slopes.of_largest + i, count, 0.0);
        for (; row < end; ++row) {
          const std::size_t at = row * columns.step + i;
          add_slopes(x + at, max, of_largest, dx + at, first, count);
        }
      });
}

void gradient_of_columns_in_floats(const float* x, Columns columns,
                                   const SlopesOfRows<float, columns_together>& slopes, float* dx,
                                   bool first) {
  float of_largest[columns_together], factors[columns_together], rests[columns_together];
  for_each_batch<float>(columns.count, [&](std::size_t i, auto count) {
    const Batch<float> max = load_some<Batch<float>>(slopes.max + i, count, 0.0F);
    float e[lanes<float>];
    with_exponent(max, [&](const auto& exponent) { store(exponential_of_largest(exponent, max), e); });
    for (std::size_t c = 0; c < lanes<float>; c += lanes<double>) {
      const Wide slope = load<Wide>(slopes.of_largest + i + c);
      store(slope, of_largest + i + c);
      const Wide factor = slope / load<Wide>(e + c);
      store(factor, factors + i + c);
      store(factor - load<Wide>(factors + i + c), rests + i + c);
    }
  });
  for_row_blocks_of_columns<float>(
      columns.rows, columns.count, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
        const Batch<float> max = load_some<Batch<float>>(slopes.max + i, count, 0.0F),
                           slope = load<Batch<float>>(of_largest + i);
        const ExactFactor<float> factor{load<Batch<float>>(factors + i), load<Batch<float>>(rests + i)};
        with_exponent(max, [&](const auto& exponent) {
          for (; row < end; ++row) {
            const std::size_t at = row * columns.step + i;
            add_slopes(x + at, max, exponent, factor, slope, dx + at, first, count);
          }
        });
      });
}

template <class T>
void log_sum_exp_columns_gradient(const T* x, const RowNormaliser<T>* normalisers, const T* dy,
                                  Columns columns, T* dx, bool first) {
  for_column_parts(columns, [&](std::size_t i, Columns some) {
    const SlopesOfRows<T, columns_together> slopes(normalisers + i, dy + i, some.count);
    if constexpr (sizeof(T) == 4) {
      if (slopes.are_ordinary) return gradient_of_columns_in_floats(x + i, some, slopes, dx + i, first);
    }
    gradient_of_columns(x + i, some, slopes, dx + i, first);
  });
}

}  // namespace

XTAPE_KERNEL(LogSumExp, {.normalise = normalise<T>,
                         .gradient = log_sum_exp_gradient<T>,
                         .normalise_columns = normalise_columns<T>,
                         .columns_gradient = log_sum_exp_columns_gradient<T>});

}  // namespace xtape::kernels
