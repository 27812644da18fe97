// SPDX-License-Identifier: BSD-3-Clause
// The exponentials of columns of logits, and their sums: of columns that lie side by side, a batch at a time.
#pragma once

#include "kernels/columns.hpp"
#include "kernels/simd/row_blocks.hpp"
#include "kernels/simd/softmax_rows.hpp"

namespace xtape::kernels {
namespace {

inline constexpr std::size_t columns_together = 512;  // of which a cache holds what is known of them

// The largest of each column.
template <class T>
void largest_of_columns(const T* x, Columns columns, T* max) {
  for (std::size_t i = 0; i < columns.count; ++i) max[i] = x[i];
  for_row_blocks_of_columns<T>(
      columns.rows, columns.count, [&](std::size_t i, auto count, std::size_t row, std::size_t end) {
        Batch<T> top = load_some<Batch<T>>(max + i, count, T{0});
        for (; row < end; ++row)
          top = xsimd::max(top, load_some<Batch<T>>(x + row * columns.step + i, count, T{0}));
        store_some(top, max + i, count);
      });
}

// Calls work with the way to the exponentials of some columns.
template <class T, class Work>
XTAPE_INLINE void with_exponent(Batch<T> max, Work work) {
  if (sizeof(T) == 4 && xsimd::all(xsimd::abs(max) <= Batch<T>(NearZero<T>::bound))) {
    work(NearZero<T>(max));
  } else {
    work(Anywhere<T>(max));
  }
}

// What the largest becomes there, 2^64 about; of an infinite one that stands beside it.
template <class T>
XTAPE_INLINE Batch<T> exponential_of_largest(const NearZero<T>& exponent, Batch<T> max) {
  return exponent(max);
}
template <class T>
XTAPE_INLINE Batch<T> exponential_of_largest(const Anywhere<T>& exponent, Batch<T>) {
  return Batch<T>(static_cast<T>(1 / exponent.scale(0)));
}

// The sums of a batch of columns. The exponentials are written to `e`, which lies like x, if they are to be
// kept.
template <bool keep, class T, class Count>
XTAPE_INLINE void sum_columns(const T* x, Columns columns, Count count, Batch<T> max, T* e,
                              RowSums<T, lanes<T>>& sums) {
  with_exponent(max, [&](const auto& exponent) {
    Accumulator<T> others[1], ties;
    constexpr std::size_t segment = std::size_t{1} << 24;  // more could not be counted in a float
    for (std::size_t begin = 0; begin < columns.rows; begin += segment) {
      const std::size_t rows = columns.rows - begin < segment ? columns.rows - begin : segment;
      Batch<T> count_of_largest(T{0});
      add_up<T>(rows * lanes<T>, others, [&](std::size_t j, auto, Batch<T>(&term)[1]) {
        const std::size_t at = (begin + j / lanes<T>)*columns.step;
        const Batch<T> logits = load_some<Batch<T>>(x + at, count, T{0}), value = exponent(logits);
        const auto is_largest = logits == max;
        count_of_largest = xsimd::select(is_largest, count_of_largest + Batch<T>(T{1}), count_of_largest);
        term[0] = xsimd::select(is_largest, Batch<T>(T{0}), value);
        if constexpr (keep) store_some(value, e + at, count);
      });
      ties.add(count_of_largest);
    }
    T top[lanes<T>];
    store(exponential_of_largest(exponent, max), top);
    store(max, sums.max);
    for_rows<lanes<T>>(
        [&]<class D>(std::size_t r, D) { store_rows(D(1.0) / load_rows<D>(top + r), sums.scale + r); });
    double largest[lanes<T>], of_others[lanes<T>];
    ties.store(largest);
    others[0].store(of_others);
    sums.finish(largest, of_others);
  });
}

// Calls work(offset of the first, columns) for parts of so many columns that a cache holds what is known of
// them.
template <class Work>
XTAPE_INLINE void for_column_parts(Columns columns, Work work) {
  for (std::size_t i = 0; i < columns.count; i += columns_together) {
    const std::size_t left = columns.count - i;
    work(i, Columns{columns.rows, columns.step, left < columns_together ? left : columns_together});
  }
}

// Calls work(first column, count, their sums) for each batch of columns.
template <bool keep, class T, class Work>
XTAPE_INLINE void for_column_blocks(const T* x, Columns all, T* e, Work work) {
  for_column_parts(all, [&](std::size_t begin, Columns columns) {
    T max[columns_together];
    largest_of_columns(x + begin, columns, max);
    for_each_batch<T>(columns.count, [&](std::size_t i, auto count) {
      RowSums<T, lanes<T>> sums;
      sum_columns<keep>(x + begin + i, columns, count, load_some<Batch<T>>(max + i, count, T{0}),
                        keep ? e + begin + i : nullptr, sums);
      work(begin + i, count, sums);
    });
  });
}

// What there is for each column of a batch, as Factors take it.
template <class T>
struct BatchOfColumns {
  XTAPE_INLINE static Batch<T> of_row(const T* values) { return load<Batch<T>>(values); }
  XTAPE_INLINE static Batch<T> of_row(const double* values) requires(sizeof(T) == 4) {
    return join(load<Wide>(values), load<Wide>(values + lanes<double>));
  }
};

// Calls work(row, columns of x, columns of dy, of how many rows, its result) for some rows of few elements at
// a time, which are the columns of blocks of memory: dx = its result, or adds that.
template <class T, class Work>
XTAPE_INLINE void for_short_rows_as_columns(const T* x, const T* dy, std::size_t rows, std::size_t classes,
                                            T* dx, bool first, Work work) {
  // Blocks a power of two apart would have stores that look like loads.
  constexpr std::size_t size = (few_classes + 5) * lanes<T>;
  alignas(64) T x_block[size], dy_block[size], dx_block[size];
  T sums[few_classes * lanes<T>];
  for (std::size_t row = 0; row < rows; row += lanes<T>) {
    const std::size_t some = rows - row < lanes<T> ? rows - row : lanes<T>, at = row * classes;
    rows_to_lanes(x + at, classes, some, classes, x_block);
    rows_to_lanes(dy + at, classes, some, classes, dy_block);
    work(row, some, x_block, dy_block, Columns{classes, lanes<T>, lanes<T>}, dx_block);
    lanes_to_rows<few_classes>(dx_block, some, classes, first ? dx + at : sums);
    if (first) continue;
    for_each_batch<T>(some * classes, [&](std::size_t j, auto count) {
      store_some(load_some<Batch<T>>(dx + at + j, count, T{0}) + load_some<Batch<T>>(sums + j, count, T{0}),
                 dx + at + j, count);
    });
  }
}

}  // namespace
}  // namespace xtape::kernels
