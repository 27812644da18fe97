// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <span>

#include "arrays/format.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/gemm.hpp"
#include "kernels/gemm_extents.hpp"
#include "kernels/kernel.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/matmul.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

using kernels::After;
using kernels::gemm;
using kernels::gemm_plus_bias;
using kernels::Transpose;

struct Extents {
  std::size_t rows, in, out;
};

Extents check(const char* name, const Shape& x, const Shape& weight, const Shape* bias) {
  if (weight.rank() != 2) fail<ShapeError>("{}: weight must be (out, in), got {}", name, weight);
  const std::size_t out = weight[0], in = weight[1];
  if (x.rank() == 0 || x[x.rank() - 1] != in) {
    fail<ShapeError>("{}: the last axis of x must have the {} inputs of weight {} (out, in), got x {}", name,
                     in, weight, x);
  }
  if (bias != nullptr && *bias != Shape{out}) {
    fail<ShapeError>("{}: bias must have the {} outputs of weight {} (out, in), got {}", name, out, weight,
                     *bias);
  }
  std::size_t rows = 1;
  for (std::size_t axis = 0; axis + 1 < x.rank(); ++axis) rows *= x[axis];
  require_gemm_extents(name, {rows, in, out});
  return {rows, in, out};
}

// The gradient of what went into relu, from that of y, which came out: dy where y > 0.
template <class T>
const T* gradient_before_relu(ArrayView<const T> y, ArrayView<const T> dy, Workspace& workspace) {
  T* const gradient = workspace.take<T>(y.size());
  parallel_for_even_ranges(y.size(), products_per_block, [&](std::size_t begin, std::size_t end) {
    kernels::kernel<kernels::Unary<kernels::Relu>, T>().gradient(&y[begin], &dy[begin], gradient + begin,
                                                                 end - begin, true);
  });
  return gradient;
}

template <class T>
Variable<T> record(const char* name, Variable<T> x, Variable<T> weight, const Variable<T>* bias,
                   After after) {
  const Extents extents = check(name, x.shape(), weight.shape(), bias == nullptr ? nullptr : &bias->shape());
  const auto [rows, in, out] = extents;
  const Variable<T> inputs[] = {x, weight, bias == nullptr ? x : *bias};
  Recording<T> op(name, std::span(inputs, bias == nullptr ? 2 : 3));
  Shape shape(x.shape().begin(), x.shape().end() - 1);
  shape.append(out);
  const ArrayView<T> y = op.output(shape);
  const T* const start = bias == nullptr ? nullptr : bias->data();
  gemm_plus_bias(Transpose::no, Transpose::yes, rows, out, in, x.data(), weight.data(), start, after,
                 y.data());

  return op.finish([extents, has_bias = bias != nullptr, after](Backward<T>& b) {
    const auto [rows, in, out] = extents;
    Workspace workspace;
    const T* const dy = after == After::relu ? gradient_before_relu(b.output(), b.output_grad(), workspace)
                                             : b.output_grad().data();
    if (b.needs_grad(0)) {  // dx = dy weight
      const auto [dx, first] = b.contribution(0);
      gemm(Transpose::no, Transpose::no, rows, in, out, dy, b.input(1).data(), first ? T{0} : T{1},
           dx.data());
    }
    if (b.needs_grad(1)) {  // dweight = dy^T x
      const auto [dweight, first] = b.contribution(1);
      gemm(Transpose::yes, Transpose::no, out, in, rows, dy, b.input(0).data(), first ? T{0} : T{1},
           dweight.data());
    }
    if (has_bias && b.needs_grad(2)) {  // dbias = dy summed over the rows
      const auto [dbias, first] = b.contribution(2);
      const Shape columns{out}, matrix{rows, out};
      kernels::sum(kernels::make_reduction<2>(matrix, {&columns, &matrix}), dy, dbias.data(), first);
    }
  });
}

}  // namespace

template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight, Variable<T> bias) {
  return record("linear", x, weight, &bias, After::nothing);
}

template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight) {
  return record<T>("linear", x, weight, nullptr, After::nothing);
}

template <class T>
Variable<T> linear_relu(Variable<T> x, Variable<T> weight, Variable<T> bias) {
  return record("linear_relu", x, weight, &bias, After::relu);
}

template <class T>
Variable<T> linear_relu(Variable<T> x, Variable<T> weight) {
  return record<T>("linear_relu", x, weight, nullptr, After::relu);
}

template Variable<float> linear(Variable<float>, Variable<float>, Variable<float>);
template Variable<float> linear(Variable<float>, Variable<float>);
template Variable<float> linear_relu(Variable<float>, Variable<float>, Variable<float>);
template Variable<float> linear_relu(Variable<float>, Variable<float>);
template Variable<double> linear(Variable<double>, Variable<double>, Variable<double>);
template Variable<double> linear(Variable<double>, Variable<double>);
template Variable<double> linear_relu(Variable<double>, Variable<double>, Variable<double>);
template Variable<double> linear_relu(Variable<double>, Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
