// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/column_exponentials.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_factors.hpp"
#include "kernels/simd/row_normalisers.hpp"

namespace xtape::kernels {
namespace {

template <class T>
void softmax(const T* x, std::size_t rows, std::size_t classes, T* y, RowNormaliser<T>* normalisers) {
  for_row_blocks<true>(
      x, rows, classes, y, [&]<class Block>(Block& block, const auto& sums, std::size_t first) {
        T* const e = block.values(y + first * classes);
        Factors<T, Block::most_rows> factors;
        for_rows<Block::most_rows>([&]<class D>(std::size_t r, D) {
          factors.set(r, inverse_of_1_plus<T>(load_rows<D>(sums.rest + r)), load_rows<D>(sums.scale + r));
        });
        multiply_rows(block, factors, e);
        block.write(e, y + first * classes);
        keep_normalisers(block, sums, normalisers + first);
      });
}

template <class T>
void softmax_of_columns(const T* x, Columns columns, T* y, RowNormaliser<T>* normalisers) {
  for_column_blocks<true>(x, columns, y, [&](std::size_t i, auto count, const auto& sums) {
    Factors<T, lanes<T>> factors;
    for_rows<lanes<T>>([&]<class D>(std::size_t r, D) {
      factors.set(r, inverse_of_1_plus<T>(load_rows<D>(sums.rest + r)), load_rows<D>(sums.scale + r));
    });
    const auto multiply = factors.multiplication(BatchOfColumns<T>());
    for (std::size_t row = 0; row < columns.rows; ++row) {
      T* const e = y + row * columns.step + i;
      store_some(multiply(load_some<Batch<T>>(e, count, T{0}), Batch<T>(T{0})), e, count);
    }
    for (std::size_t c = 0; c < lanes<T> && i + c < columns.count; ++c)
      normalisers[i + c] = {sums.max[c], sums.rest[c]};
  });
}

// The largest p of each lane, and dy there.
template <class T>
struct SlopeOfLargest {
  Batch<T> p = Batch<T>(-std::numeric_limits<T>::infinity());
  Batch<T> dy = Batch<T>(T{0});

  XTAPE_INLINE void look_at(Batch<T> other_p, Batch<T> other_dy) {
    const auto is_no_larger = other_p <= p;
    p = xsimd::select(is_no_larger, p, other_p);
    dy = xsimd::select(is_no_larger, dy, other_dy);
  }
};

// dy where p is largest.
template <class T>
T slope_of_largest(const T* p, const T* dy, std::size_t classes) {
  constexpr std::size_t many = 4;  // of which none waits for another
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  SlopeOfLargest<T> best[many];
  std::size_t j = 0;
  for (; j + many * lanes<T> <= classes; j += many * lanes<T>) {
    for (std::size_t i = 0; i < many; ++i)
      best[i].look_at(load<Batch<T>>(p + j + i * lanes<T>), load<Batch<T>>(dy + j + i * lanes<T>));
  }
  for_each_batch<T>(classes - j, [&](std::size_t i, auto count) {
    best[0].look_at(load_some<Batch<T>>(p + j + i, count, lowest),
                    load_some<Batch<T>>(dy + j + i, count, T{0}));
  });
  for (std::size_t i = 1; i < many; ++i) best[0].look_at(best[i].p, best[i].dy);
  const auto is_largest = best[0].p == Batch<T>(largest_lane(best[0].p));
  return largest_lane(xsimd::select(is_largest, best[0].dy, Batch<T>(lowest)));
}

// With p the softmax and c any number, dx = p (d - sum(p d)) for d = dy - c. With the gradient of the most
// probable as c, the terms with p near 1, which would cancel, are not there.
template <class T>
void gradient_of_long_rows(const T* p, const T* dy, std::size_t rows, std::size_t classes, T* dx,
                           bool first) {
  for (std::size_t r = 0; r < rows; ++r, p += classes, dy += classes, dx += classes) {
    const Wide c(static_cast<double>(slope_of_largest(p, dy, classes)));
    Accumulator<PrecisionOf<T>> sum[1];
    add_up<double>(classes, sum, [&](std::size_t j, auto count, Wide(&term)[1]) {
      fetch_if_whole(p + j + classes, count);
      fetch_if_whole(dy + j + classes, count);
      term[0] = load_some<Wide>(p + j, count, T{0}) * (load_some<Wide>(dy + j, count, T{0}) - c);
    });
    const Wide mean(sum[0].total());
    for_each_batch<double>(classes, [&](std::size_t j, auto count) {
      fetch_to_write_if_whole(dx + j + classes, count);
      const Wide d = load_some<Wide>(dy + j, count, T{0}) - c;
      const Wide slope = load_some<Wide>(p + j, count, T{0}) * (d - mean);
      store_some(first ? slope : slope + load_some<Wide>(dx + j, count, T{0}), dx + j, count);
    });
  }
}

// dy where p is largest, of each column.
template <class T>
void slopes_of_largest(const T* p, const T* dy, Columns columns, T* slopes) {
  T largest[columns_together];
  for_row_blocks_of_columns<
      T>(columns.rows, columns.count, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
    SlopeOfLargest<T> best;
    if (row > 0)
      best = {load_some<Batch<T>>(largest + i, count, T{0}), load_some<Batch<T>>(slopes + i, count, T{0})};
    for (; row < end; ++row) {
      const std::size_t at = row * columns.step + i;
      best.look_at(load_some<Batch<T>>(p + at, count, T{0}), load_some<Batch<T>>(dy + at, count, T{0}));
    }
    store_some(best.p, largest + i, count);
    store_some(best.dy, slopes + i, count);
  });
}

// The same of at most columns_together columns.
template <class T>
void gradient_of_some_columns(const T* p, const T* dy, Columns columns, T* dx, bool first) {
  using Sum = Accumulator<PrecisionOf<T>>;
  T center[columns_together];
  slopes_of_largest(p, dy, columns, center);
  double sums[columns_together], errors[columns_together];
  for_row_blocks_of_columns<double>(
      columns.rows, columns.count, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
        const Wide c = load_some<Wide>(center + i, count, T{0});
        Sum sum;
        if (row > 0) sum = Sum(sums + i, errors + i, count);
        for (; row < end; ++row) {
          const std::size_t at = row * columns.step + i;
          sum.add_product(load_some<Wide>(p + at, count, T{0}), load_some<Wide>(dy + at, count, T{0}) - c);
        }
        sum.keep(sums + i, errors + i, count);
      });
  for_row_blocks_of_columns<double>(
      columns.rows, columns.count, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
        const Wide c = load_some<Wide>(center + i, count, T{0});
        Wide mean = load_some<Wide>(sums + i, count, 0.0);
        if constexpr (sizeof(T) == 8) {
          const Wide error = load_some<Wide>(errors + i, count, 0.0);
          mean += xsimd::select(error == error, error, Wide(0.0));  // That of an infinite sum is inf - inf.
        }
        for (; row < end; ++row) {
          const std::size_t at = row * columns.step + i;
          const Wide d = load_some<Wide>(dy + at, count, T{0}) - c;
          const Wide slope = load_some<Wide>(p + at, count, T{0}) * (d - mean);
          store_some(first ? slope : slope + load_some<Wide>(dx + at, count, T{0}), dx + at, count);
        }
      });
}

template <class T>
void softmax_gradient(const T* p, const T* dy, std::size_t rows, std::size_t classes, T* dx, bool first) {
  if (classes > few_classes) return gradient_of_long_rows(p, dy, rows, classes, dx, first);
  for_short_rows_as_columns(p, dy, rows, classes, dx, first,
                            [&](std::size_t, std::size_t, const T* columns_of_p, const T* columns_of_dy,
                                Columns columns, T* columns_of_dx) {
                              gradient_of_some_columns(columns_of_p, columns_of_dy, columns, columns_of_dx,
                                                       true);
                            });
}

template <class T>
void softmax_columns_gradient(const T* p, const T* dy, Columns columns, T* dx, bool first) {
  for_column_parts(columns, [&](std::size_t i, Columns some) {
    gradient_of_some_columns(p + i, dy + i, some, dx + i, first);
  });
}

}  // namespace

XTAPE_KERNEL(Softmax, {.value = softmax<T>,
                       .gradient = softmax_gradient<T>,
                       .value_of_columns = softmax_of_columns<T>,
                       .gradient_of_columns = softmax_columns_gradient<T>});

}  // namespace xtape::kernels
