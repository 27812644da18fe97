// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "core/format.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/gemm.hpp"
#include "kernels/gemm_extents.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/matmul.hpp"

namespace xtape {
namespace {

using kernels::gemm;
using kernels::Transpose;

struct Extents {
  std::size_t rows, in, out;
};

Extents check(const Shape& x, const Shape& weight, const Shape* bias) {
  if (weight.rank() != 2) fail<ShapeError>("linear: weight must be (out, in), got {}", weight);
  const std::size_t out = weight[0], in = weight[1];
  if (x.rank() == 0 || x[x.rank() - 1] != in) {
    fail<ShapeError>("linear: the last axis of x must have the {} inputs of weight {} (out, in), got x {}",
                     in, weight, x);
  }
  if (bias != nullptr && *bias != Shape{out}) {
    fail<ShapeError>("linear: bias must have the {} outputs of weight {} (out, in), got {}", out, weight,
                     *bias);
  }
  std::size_t rows = 1;
  for (std::size_t axis = 0; axis + 1 < x.rank(); ++axis) rows *= x[axis];
  require_gemm_extents("linear", {rows, in, out});
  return {rows, in, out};
}

template <class T>
Variable<T> record(Recording<T>& op, Extents extents, Variable<T> x, Variable<T> weight, const T* bias) {
  const auto [rows, in, out] = extents;
  Shape shape(x.shape().begin(), x.shape().end() - 1);
  shape.append(out);
  const ArrayView<T> y = op.output(shape);
  if (bias != nullptr) {
    for (std::size_t row = 0; row < rows; ++row) std::copy(bias, bias + out, y.data() + row * out);
  }
  gemm(Transpose::no, Transpose::yes, rows, out, in, x.data(), weight.data(), bias == nullptr ? T{0} : T{1},
       y.data());

  return op.finish([extents, has_bias = bias != nullptr](Backward<T>& b) {
    const auto [rows, in, out] = extents;
    const T* dy = b.output_grad().data();
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
  const Extents extents = check(x.shape(), weight.shape(), &bias.shape());
  Recording<T> op("linear", {x, weight, bias});
  return record(op, extents, x, weight, bias.data());
}

template <class T>
Variable<T> linear(Variable<T> x, Variable<T> weight) {
  const Extents extents = check(x.shape(), weight.shape(), nullptr);
  Recording<T> op("linear", {x, weight});
  return record<T>(op, extents, x, weight, nullptr);
}

template Variable<float> linear(Variable<float>, Variable<float>, Variable<float>);
template Variable<float> linear(Variable<float>, Variable<float>);
template Variable<double> linear(Variable<double>, Variable<double>, Variable<double>);
template Variable<double> linear(Variable<double>, Variable<double>);

}  // namespace xtape
