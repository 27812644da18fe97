// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <span>

#include "arrays/format.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/kernel.hpp"
#include "kernels/standardise_kernels.hpp"
#include "ops/normalization.hpp"
#include "threads/thread_pool.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/normalization.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

using kernels::kernel;
using kernels::Standard;
using kernels::Standardise;
using kernels::StandardSums;

struct Rows {
  std::size_t count, length;
};

Rows check(const Shape& x, const Shape& normalized, const LayerNormOptions& options) {
  const bool fits = normalized.rank() > 0 && normalized.rank() <= x.rank() &&
                    std::equal(normalized.begin(), normalized.end(), x.end() - normalized.rank());
  if (!fits) {
    fail<ShapeError>("layer_norm: the last axes of x must have the shape that is normalized, {}, got x {}",
                     normalized, x);
  }
  if (!(options.epsilon >= 0) || std::isinf(options.epsilon))
    fail<ArgumentError>("layer_norm: epsilon must be a finite number from 0, got {}", options.epsilon);
  return {Shape(x.begin(), x.end() - normalized.rank()).elements(), normalized.elements()};
}

// Calls work(row) for every row, on several threads if there are many.
template <class Work>
void for_each_row_of(const Rows& rows, Work work) {
  const std::size_t range =
      std::max<std::size_t>(1, exponentials_per_block / std::max<std::size_t>(1, rows.length));
  parallel_for_ranges(rows.count, range, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) work(row);
  });
}

// dweight = dy z summed over the rows, with z = x standardised.
template <class T>
void add_weight_gradient(const Rows& rows, const T* x, const T* dy, const Standard* standards,
                         Contribution<T> dweight) {
  constexpr std::size_t block = 256;
  parallel_for_ranges(rows.length, block, [&](std::size_t begin, std::size_t end) {
    double sums[block] = {}, errors[block] = {};
    for (std::size_t row = 0; row < rows.count; ++row) {
      const std::size_t at = row * rows.length + begin;
      kernel<Standardise, T>().add_products(x + at, dy + at, end - begin, standards[row], sums, errors);
    }
    for (std::size_t i = begin; i < end; ++i) {
      const double sum = kernels::sum_with_error(sums[i - begin], errors[i - begin]);
      dweight.grad[i] = static_cast<T>(dweight.first ? sum : dweight.grad[i] + sum);
    }
  });
}

template <class T>
Variable<T> record(Variable<T> x, const Variable<T>* weight, const Variable<T>* bias, const Shape& normalized,
                   const LayerNormOptions& options) {
  const Rows rows = check(x.shape(), normalized, options);
  if (bias != nullptr && bias->shape() != normalized) {
    fail<ShapeError>("layer_norm: bias must have the shape of weight {}, got {}", normalized, bias->shape());
  }
  const Variable<T> inputs[] = {x, weight == nullptr ? x : *weight, bias == nullptr ? x : *bias};
  const std::size_t count = weight == nullptr ? 1 : bias == nullptr ? 2 : 3;
  Recording<T> op("layer_norm", std::span(inputs, count));
  const ArrayView<T> y = op.output(x.shape());
  const ArrayView<Standard> standards = op.template save<Standard>(Shape{rows.count});
  const T *const factors = weight == nullptr ? nullptr : weight->data(), *const shifts = bias == nullptr
                                                                                             ? nullptr
                                                                                             : bias->data();
  for_each_row_of(rows, [&](std::size_t row) {
    const std::size_t at = row * rows.length;
    standards[row] =
        normalize_row(x.data() + at, rows.length, options.epsilon, factors, shifts, y.data() + at);
  });

  return op.finish([rows, standards, count](Backward<T>& b) {
    const T *const in = b.input(0).data(), *const dy = b.output_grad().data();
    if (b.needs_grad(0)) {  // dx = (g - mean of g - z mean of g z) / deviation, with g = dy weight
      const T* const factors = count > 1 ? b.input(1).data() : nullptr;
      const auto [dx, first] = b.contribution(0);
      T* const out = dx.data();
      for_each_row_of(rows, [&, first = first](std::size_t row) {
        const std::size_t at = row * rows.length;
        const auto n = static_cast<double>(rows.length);
        const StandardSums sums =
            kernel<Standardise, T>().row_sums(in + at, dy + at, rows.length, standards[row], factors);
        kernel<Standardise, T>().row_gradient(in + at, dy + at, rows.length, standards[row], factors,
                                              {sums.g / n, sums.gz / n}, out + at, first);
      });
    }
    if (count > 1 && b.needs_grad(1)) add_weight_gradient(rows, in, dy, standards.data(), b.contribution(1));
    if (count > 2 && b.needs_grad(2)) {  // dbias = dy summed over the rows
      const auto [dbias, first] = b.contribution(2);
      const Shape columns{rows.length}, matrix{rows.count, rows.length};
      kernels::sum(kernels::make_reduction<2>(matrix, {&columns, &matrix}), dy, dbias.data(), first);
    }
  });
}

}  // namespace

template <class T>
Variable<T> layer_norm(Variable<T> x, Variable<T> weight, Variable<T> bias, const LayerNormOptions& options) {
  return record(x, &weight, &bias, weight.shape(), options);
}

template <class T>
Variable<T> layer_norm(Variable<T> x, Variable<T> weight, const LayerNormOptions& options) {
  return record<T>(x, &weight, nullptr, weight.shape(), options);
}

template <class T>
Variable<T> layer_norm(Variable<T> x, const Shape& normalized_shape, const LayerNormOptions& options) {
  return record<T>(x, nullptr, nullptr, normalized_shape, options);
}

template Variable<float> layer_norm(Variable<float>, Variable<float>, Variable<float>,
                                    const LayerNormOptions&);
template Variable<float> layer_norm(Variable<float>, Variable<float>, const LayerNormOptions&);
template Variable<float> layer_norm(Variable<float>, const Shape&, const LayerNormOptions&);
template Variable<double> layer_norm(Variable<double>, Variable<double>, Variable<double>,
                                     const LayerNormOptions&);
template Variable<double> layer_norm(Variable<double>, Variable<double>, const LayerNormOptions&);
template Variable<double> layer_norm(Variable<double>, const Shape&, const LayerNormOptions&);

}  // namespace xtape
#pragma GCC visibility pop
