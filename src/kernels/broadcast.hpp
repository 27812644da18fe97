// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/nest.hpp"
#include "kernels/repeat_kernels.hpp"
#include "kernels/sum.hpp"
#include "kernels/sum_kernels.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::kernels {

// Calls row(offset, length) for every row along the innermost axis, or parts of it, on several threads if
// there is much to do.
template <std::size_t N, class Row>
void for_each_row_in_parallel(const Nest<N>& nest, Row row) {
  const std::size_t of_each = std::max<std::size_t>(1, nest.elements_per_outermost());
  parallel_for_even_ranges(nest.extent[0], std::max<std::size_t>(1, products_per_block / of_each),
                           [&](std::size_t begin, std::size_t end) { for_each_row(nest, begin, end, row); });
}

// Calls plane(offset, rows, length) for every plane along the two innermost axes, or parts of it, on several
// threads if there is much to do.
template <std::size_t N, class Plane>
void for_each_plane_in_parallel(const Nest<N>& nest, Plane plane) {
  const std::size_t length = nest.inner_extent();
  if (nest.rank == 1) {
    for_each_row_in_parallel(nest, [&](const std::size_t(&at)[N], std::size_t n) { plane(at, 1, n); });
    return;
  }
  Nest<N> rows = nest;
  --rows.rank;
  const std::size_t of_each = std::max<std::size_t>(1, nest.elements_per_outermost());
  parallel_for_even_ranges(
      rows.extent[0], std::max<std::size_t>(1, products_per_block / of_each),
      [&](std::size_t begin, std::size_t end) {
        for_each_row(rows, begin, end,
                     [&](const std::size_t(&at)[N], std::size_t count) { plane(at, count, length); });
      });
}

// out (+)= x, repeated along the axes that it lacks. Array 0 of the nest is `out`, which is dense, array 1 is
// x.
template <class T>
void repeat(const Nest<2>& nest, const T* x, T* out, bool first) {
  const bool is_number = nest.inner_stride(1) == 0;
  for_each_plane_in_parallel(nest, [&](const std::size_t(&at)[2], std::size_t rows, std::size_t length) {
    if (is_number) {
      kernel<Repeat, T>().each(x + at[1], rows, length, out + at[0], first);
    } else {
      kernel<Repeat, T>().all(x + at[1], length, rows, out + at[0], first);
    }
  });
}

// y[i] = f(a[i], b[i]); an operand that does not move is one number.
template <class T, class F>
void combine(F f, const T* a, bool a_moves, const T* b, bool b_moves, T* y, std::size_t n) {
  if (a_moves && b_moves) {
    for (std::size_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
  } else if (a_moves) {
    for (std::size_t i = 0; i < n; ++i) y[i] = f(a[i], *b);
  } else {
    for (std::size_t i = 0; i < n; ++i) y[i] = f(*a, b_moves ? b[i] : *b);
  }
}
template <class T>
void combine(BinaryFunction<T> f, const T* a, bool a_moves, const T* b, bool b_moves, T* y, std::size_t n) {
  f(a, a_moves, b, b_moves, y, n);
}

// y = f(a, b) over a nest of (y, a, b). Along the innermost axis an operand steps by 1 or stands still.
template <class T, class F>
void broadcast(const Nest<3>& nest, T* y, const T* a, const T* b, F f) {
  const bool a_moves = nest.inner_stride(1) != 0, b_moves = nest.inner_stride(2) != 0;
  for_each_row_in_parallel(nest, [&](const std::size_t(&at)[3], std::size_t n) {
    combine(f, a + at[1], a_moves, b + at[2], b_moves, y + at[0], n);
  });
}

// A sum by add_rows. The error of an infinite one is inf - inf.
inline double sum_with_error(double sum, double error) { return std::isfinite(sum) ? sum + error : sum; }

// Calls store(i, count, sums) for n neighbouring columns, some at a time, with their sums over the rows of
// `reduced`.
template <class T, class Store>
void sum_columns(const Nest<2>& reduced, const T* x, std::size_t n, Store store) {
  constexpr std::size_t block = 512;
  for (std::size_t begin = 0; begin < n; begin += block) {
    const std::size_t count = std::min(block, n - begin);
    double sums[block], errors[block];
    std::fill_n(sums, count, 0.0);
    std::fill_n(errors, count, 0.0);
    for_each_row(reduced, [&](const std::size_t(&at)[2]) {
      kernel<Sums, T>().add_rows(x + at[1] + begin, reduced.inner_extent(), reduced.inner_stride(1), count,
                                 sums, errors);
    });
    if constexpr (sizeof(T) == 8) {
      for (std::size_t i = 0; i < count; ++i) sums[i] = sum_with_error(sums[i], errors[i]);
    }
    store(begin, count, sums);
  }
}

// The same for n results, of which the rows of `reduced` begin `step` apart.
template <class T, class Store>
void sum_rows(const Nest<2>& reduced, const T* x, std::size_t n, std::size_t step, Store store) {
  constexpr std::size_t block = 256;
  for (std::size_t begin = 0; begin < n; begin += block) {
    const std::size_t count = std::min(block, n - begin);
    double sums[block], errors[block];
    const auto sum_one_of_each = [&](std::size_t at) {
      kernel<Sums, T>().row_sums(x + begin * step + at, count, step, reduced.inner_extent(), sums, errors);
    };
    if (reduced.rank == 1) {
      sum_one_of_each(0);
      store(begin, count, sums);
      continue;
    }
    Sum<double> totals[block];
    for_each_row(reduced, [&](const std::size_t(&row)[2]) {
      sum_one_of_each(row[1]);
      for (std::size_t i = 0; i < count; ++i) {
        totals[i].add(sums[i]);
        if constexpr (sizeof(T) == 8) totals[i].add(errors[i]);
      }
    });
    for (std::size_t i = 0; i < count; ++i) sums[i] = totals[i].value();
    store(begin, count, sums);
  }
}

// Calls results(offset, n) for n neighbouring results of a reduction of array 1 to array 0, on several
// threads if there is much to do.
template <class Results>
void for_each_result_in_parallel(const Reduction<2>& space, Results results) {
  const std::size_t of_each = space.kept.elements_per_outermost() * space.reduced.elements();
  const std::size_t fewest = space.kept.rank == 1 ? 256 : 1;  // columns, to read memory in order
  const std::size_t length = std::max(fewest, products_per_block / std::max<std::size_t>(1, of_each));
  parallel_for_ranges(space.kept.extent[0], length, [&](std::size_t begin, std::size_t end) {
    for_each_row(space.kept, begin, end, results);
  });
}

// out[kept] (+)= sum of x over the reduced axes / divisor, rounded once. Array 0 of `space` is `out`, array 1
// is x.
template <class T>
void sum(const Reduction<2>& space, const T* x, T* out, bool first, double divisor = 1) {
  for_each_result_in_parallel(space, [&](const std::size_t(&kept)[2], std::size_t n) {
    T* const results = out + kept[0];
    const auto store = [=](std::size_t i, std::size_t count, const double* sums) {
      kernel<Sums, T>().write_quotients(sums, count, divisor, results + i, first);
    };
    if (space.kept_is_innermost) {
      sum_columns(space.reduced, x + kept[1], n, store);
    } else {
      sum_rows(space.reduced, x + kept[1], n, space.kept.inner_stride(1), store);
    }
  });
}

}  // namespace xtape::kernels
