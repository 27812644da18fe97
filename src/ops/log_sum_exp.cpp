// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "arrays/slice_range.hpp"
#include "kernels/exponential.hpp"
#include "kernels/kernel.hpp"
#include "kernels/softmax.hpp"
#include "kernels/softmax_kernels.hpp"
#include "kernels/sum.hpp"
#include "ops/axes.hpp"
#include "ops/permute.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/reduce.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

// Of a slice in which the largest is not finite: infinite with any +inf, however many, and with only -inf.
template <class T>
T limit(const T* x, std::size_t length, std::size_t step, kernels::RowNormaliser<T>& normaliser) {
  const kernels::Normaliser<T> normal = kernels::normaliser(x, length, step);
  normaliser = {normal.max, normal.rest.nearest()};
  bool has_nan = false;
  for (std::size_t j = 0; j < length; ++j) has_nan = has_nan || std::isnan(x[j * step]);
  return std::isinf(normal.max) && !has_nan ? normal.max : std::numeric_limits<T>::quiet_NaN();
}

// Where max and log(1 + rest) are of different signs, and cancel, it is log(1 + (sum(e^x) - 1)).
template <class T>
double near_zero(const T* x, std::size_t length, std::size_t step) {
  kernels::Sum<double> sum;
  sum.add(-1);
  for (std::size_t j = 0; j < length; ++j) {
    const T logit = x[j * step];
    sum.add(sizeof(T) < sizeof(double) ? kernels::exponential(logit) : kernels::slow_exponential(logit));
  }
  return std::log1p(sum.value());
}

// log(sum(e^x)) of each slice.
template <class T>
Variable<T> log_sum_exp_of(const Slices& slices, Variable<T> x, const Shape& result) {
  const std::size_t length = slices.length, step = slices.step;

  Recording<T> op("log_sum_exp", {x});
  const ArrayView<T> y = op.output(result);
  if (length == 0) std::fill(y.begin(), y.end(), -std::numeric_limits<T>::infinity());
  const auto saved = op.template save<kernels::RowNormaliser<T>>({slices.count});
  for_neighbouring_slices(
      slices, exponentials_per_block, [&](std::size_t begin, std::size_t n, std::size_t start) {
        const auto& kernel = kernels::kernel<kernels::LogSumExp, T>();
        Workspace workspace;
        double* const log_rests = workspace.take<double>(n);
        if (step == 1) {
          kernel.normalise(x.data() + start, n, length, &saved[begin], log_rests);
        } else {
          kernel.normalise_columns(x.data() + start, {length, step, n}, &saved[begin], log_rests);
        }
        for (std::size_t i = 0; i < n; ++i) {
          const std::size_t s = begin + i;
          const T* const slice = x.data() + slices.start(s);
          const double sum = saved[s].max + log_rests[i];
          if (std::isnan(saved[s].rest)) {
            y[s] = limit(slice, length, step, saved[s]);
          } else if (log_rests[i] > 1.5 * std::abs(sum)) {
            y[s] = static_cast<T>(near_zero(slice, length, step));
          } else {
            y[s] = static_cast<T>(sum);
          }
        }
      });

  return op.finish([slices, saved](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    const T *const in = b.input(0).data(), *const dy = b.output_grad().data();
    T* const dx = grad.data();
    for_neighbouring_slices(slices, exponentials_per_block,
                            [&, first = first](std::size_t begin, std::size_t n, std::size_t start) {
                              const auto& kernel = kernels::kernel<kernels::LogSumExp, T>();
                              if (slices.step == 1) {
                                kernel.gradient(in + start, &saved[begin], dy + begin, n, slices.length,
                                                dx + start, first);
                              } else {
                                kernel.columns_gradient(in + start, &saved[begin], dy + begin,
                                                        {slices.length, slices.step, n}, dx + start, first);
                              }
                            });
  });
}

// How many elements lie between those of a slice, if the reduced axes are neighbours; else 0.
std::size_t step_of(const Shape& shape, const std::array<bool, Shape::max_rank>& reduced) {
  std::size_t step = 1, axis = shape.rank();
  for (; axis > 0 && !reduced[axis - 1]; --axis) step *= shape[axis - 1];
  while (axis > 0 && reduced[axis - 1]) --axis;
  const bool are_neighbours = std::none_of(reduced.begin(), reduced.begin() + axis, std::identity());
  return are_neighbours ? step : 0;
}

}  // namespace

template <class T>
Variable<T> log_sum_exp(Variable<T> x, Axes axes, KeepDims keep) {
  const Shape shape = x.shape();
  const auto reduced = axes.resolve("log_sum_exp", shape);
  const Shape result = reduced_shape(shape, reduced, keep);
  const std::size_t length = reduced_elements(shape, reduced), step = step_of(shape, reduced);
  const std::size_t count = length == 0 ? 0 : result.elements();
  if (step != 0 || count == 0) return log_sum_exp_of({count, length, step}, x, result);

  // The reduced axes come last, so that each result is of one row.
  std::array<std::size_t, Shape::max_rank> order{};
  std::size_t next = 0;
  for (const bool last : {false, true}) {
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
      if (reduced[axis] == last) order[next++] = axis;
    }
  }
  detail::Rollback<T> rollback(x.tape());
  return rollback.keep(log_sum_exp_of({count, length, 1}, permute("log_sum_exp", x, order), result));
}

template Variable<float> log_sum_exp(Variable<float>, Axes, KeepDims);
template Variable<double> log_sum_exp(Variable<double>, Axes, KeepDims);

}  // namespace xtape
#pragma GCC visibility pop
