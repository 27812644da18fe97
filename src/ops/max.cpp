// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>

#include "arrays/format.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/kernel.hpp"
#include "kernels/maxima_kernels.hpp"
#include "ops/axes.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/reduce.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

using kernels::Maxima;

// Calls work(function, offset in x, rows, step, length) for the parts of x of which n results are the maxima,
// of each row or column; they begin at `start`. The function is that of the two for them.
template <class Function, class Work>
void for_each_part(const kernels::Reduction<2>& space, std::size_t start, std::size_t n, Function of_rows,
                   Function of_columns, Work work) {
  const std::size_t length = space.reduced.inner_extent();
  kernels::for_each_row(space.reduced, [&](const std::size_t(&at)[2]) {
    if (space.kept_is_innermost) {
      work(of_columns, start + at[1], length, space.reduced.inner_stride(1), n);
    } else {
      work(of_rows, start + at[1], n, space.kept.inner_stride(1), length);
    }
  });
}

// dx (+)= dy / (how many are as large), where x is the largest, for n neighbouring results.
template <class T>
void add_shares(const kernels::Reduction<2>& space, std::size_t start, std::size_t n, const T* x, const T* y,
                const T* dy, T* dx, bool first) {
  const auto& maxima = kernels::kernel<Maxima, T>();
  constexpr std::size_t block = 1024;  // of which a cache holds all elements, where these are not many
  for (std::size_t begin = 0; begin < n; begin += block) {
    const std::size_t count = std::min(block, n - begin);
    const std::size_t at = start + begin * space.kept.inner_stride(1);
    double counts[block] = {};
    for_each_part(space, at, count, maxima.count_in_rows, maxima.count_in_columns,
                  [&](auto count_in, std::size_t offset, auto... extents) {
                    count_in(x + offset, extents..., y + begin, counts);
                  });
    T shares[block];
    maxima.shares(dy + begin, counts, count, shares);
    for_each_part(space, at, count, maxima.share_in_rows, maxima.share_in_columns,
                  [&](auto share_in, std::size_t offset, auto... extents) {
                    share_in(x + offset, extents..., y + begin, shares, dx + offset, first);
                  });
  }
}

}  // namespace

template <class T>
Variable<T> max(Variable<T> x, Axes axes, KeepDims keep) {
  const Shape shape = x.shape();
  const auto reduced = axes.resolve("max", shape);
  if (reduced_elements(shape, reduced) == 0) {
    fail<ShapeError>("max: there must be an element to choose, got shape {} with no elements along the axes",
                     shape);
  }
  const Shape kept = reduced_shape(shape, reduced, KeepDims::yes);

  Recording<T> op("max", {x});
  const ArrayView<T> y = op.output(reduced_shape(shape, reduced, keep));
  std::fill(y.begin(), y.end(), -std::numeric_limits<T>::infinity());
  const auto space = kernels::make_reduction<2>(shape, {&kept, &shape});
  kernels::for_each_result_in_parallel(space, [&](const std::size_t(&at)[2], std::size_t n) {
    const auto& maxima = kernels::kernel<Maxima, T>();
    for_each_part(space, at[1], n, maxima.of_rows, maxima.of_columns,
                  [&](auto max_of, std::size_t offset, auto... extents) {
                    max_of(x.data() + offset, extents..., y.data() + at[0]);
                  });
  });

  return op.finish([space](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    const T *const in = b.input(0).data(), *const out = b.output().data(), *const dy = b.output_grad().data();
    T* const dx = grad.data();
    kernels::for_each_result_in_parallel(space, [&, first = first](const std::size_t(&at)[2], std::size_t n) {
      add_shares(space, at[1], n, in, out + at[0], dy + at[0], dx, first);
    });
  });
}

template Variable<float> max(Variable<float>, Axes, KeepDims);
template Variable<double> max(Variable<double>, Axes, KeepDims);

}  // namespace xtape
#pragma GCC visibility pop
