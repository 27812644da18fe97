// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <limits>

#include "arrays/slice_range.hpp"
#include "kernels/exponential.hpp"
#include "kernels/kernel.hpp"
#include "kernels/softmax.hpp"
#include "kernels/softmax_kernels.hpp"
#include "kernels/sum.hpp"
#include "ops/axes.hpp"
#include "ops/permute.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/rearrange.hpp"
#include "xtape/ops/reduce.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

// Of a row in which the largest is not finite: infinite with any +inf, however many, and with only -inf.
template <class T>
T limit(const T* x, std::size_t length, kernels::RowNormaliser<T>& normaliser) {
  const kernels::Normaliser<T> normal = kernels::normaliser(x, length, 1);
  normaliser = {normal.max, normal.rest.nearest()};
  const bool has_nan = std::any_of(x, x + length, [](T value) { return std::isnan(value); });
  return std::isinf(normal.max) && !has_nan ? normal.max : std::numeric_limits<T>::quiet_NaN();
}

// Where max and log(1 + rest) are of different signs, and cancel, it is log(1 + (sum(e^x) - 1)).
template <class T>
double near_zero(const T* x, std::size_t length) {
  kernels::Sum<double> sum;
  sum.add(-1);
  for (std::size_t j = 0; j < length; ++j) {
    sum.add(sizeof(T) < sizeof(double) ? kernels::exponential(x[j]) : kernels::slow_exponential(x[j]));
  }
  return std::log1p(sum.value());
}

// log(sum(e^x)) of each row of (rows, length).
template <class T>
Variable<T> log_sum_exp_rows(Variable<T> x) {
  const std::size_t rows = x.shape()[0], length = x.shape()[1];

  Recording<T> op("log_sum_exp", {x});
  const ArrayView<T> y = op.output({rows});
  if (length == 0) std::fill(y.begin(), y.end(), -std::numeric_limits<T>::infinity());
  const Slices slices{length == 0 ? 0 : rows, length, 1};
  const auto saved = op.template save<kernels::RowNormaliser<T>>({slices.count});
  for_slice_ranges(slices, exponentials_per_block, [&](const SliceRange& range) {
    Workspace workspace;
    kernels::kernel<kernels::LogSumExp, T>().normalise(range.gather(x.data(), workspace), range.count(),
                                                       length, &saved[range.begin]);
    for (std::size_t row = range.begin; row < range.end; ++row) {
      if (std::isnan(saved[row].rest)) {
        y[row] = limit(x.data() + row * length, length, saved[row]);
        continue;
      }
      const double log_rest = std::log1p(saved[row].rest), sum = saved[row].max + log_rest;
      const bool cancels = log_rest > 1.5 * std::abs(sum);
      y[row] = static_cast<T>(cancels ? near_zero(x.data() + row * length, length) : sum);
    }
  });

  return op.finish([slices, saved](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    T* dx = grad.data();
    for_slice_ranges(slices, exponentials_per_block, [&, first = first](const SliceRange& range) {
      Workspace workspace;
      kernels::kernel<kernels::LogSumExp, T>().gradient(
          range.gather(b.input(0).data(), workspace), &saved[range.begin],
          b.output_grad().data() + range.begin, range.count(), range.slices.length,
          range.to_be_added(dx, first, workspace), first);
    });
  });
}

}  // namespace

template <class T>
Variable<T> log_sum_exp(Variable<T> x, Axes axes, KeepDims keep) {
  const Shape shape = x.shape();
  const auto reduced = axes.resolve("log_sum_exp", shape);
  const Shape result = reduced_shape(shape, reduced, keep);

  // The reduced axes come last, so that each result is of one row.
  std::array<std::size_t, Shape::max_rank> order{};
  std::size_t next = 0;
  for (const bool last : {false, true}) {
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
      if (reduced[axis] == last) order[next++] = axis;
    }
  }
  detail::Rollback<T> rollback(x.tape());
  const Variable<T> ordered = permute("log_sum_exp", x, order);
  const Shape rows{result.elements(), reduced_elements(shape, reduced)};
  return rollback.keep(reshape(log_sum_exp_rows(reshape(ordered, rows)), result));
}

template Variable<float> log_sum_exp(Variable<float>, Axes, KeepDims);
template Variable<double> log_sum_exp(Variable<double>, Axes, KeepDims);

}  // namespace xtape
#pragma GCC visibility pop
