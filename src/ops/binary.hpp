// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/elementwise.hpp"
#include "ops/broadcast_shape.hpp"
#include "xtape/autograd/recording.hpp"

namespace xtape {

// da (input 0 or 1) = dy * derivative(a, b, y), summed over the axes along which that input was repeated.
template <class T, class Derivative>
void contribute(Backward<T>& back, std::size_t input, bool same_shape, Derivative derivative) {
  if (!back.needs_grad(input)) return;
  const auto [grad, first] = back.contribution(input);
  const T *a = back.input(0).data(), *b = back.input(1).data();
  const T *y = back.output().data(), *dy = back.output_grad().data();
  if (same_shape) {
    kernels::map_backward(a, b, y, dy, grad.data(), grad.size(), first, derivative);
    return;
  }
  const Shape a_shape = back.input(0).shape(), b_shape = back.input(1).shape(), shape = back.output().shape();
  kernels::reduce_sum(
      kernels::make_reduction<4>(shape, {&grad.shape(), &a_shape, &b_shape, &shape}), grad.data(), first,
      [=](const std::size_t(&at)[4]) { return dy[at[3]] * derivative(a[at[1]], b[at[2]], y[at[3]]); });
}

// An operation on each pair of elements, with numpy's broadcasting: y = value(a, b).
template <class T, class Value, class DerivativeA, class DerivativeB>
Variable<T> binary(const char* name, Variable<T> a, Variable<T> b, Value value, DerivativeA derivative_a,
                   DerivativeB derivative_b) {
  const bool same_shape = a.shape() == b.shape();
  Recording<T> op(name, {a, b});
  if (same_shape) {
    const ArrayView<T> y = op.output(a.shape());
    kernels::map(a.data(), b.data(), y.data(), y.size(), value);
  } else {
    const Shape shape = broadcast_shape(name, a.shape(), b.shape());
    kernels::broadcast_map(kernels::make_nest<3>(shape, {&shape, &a.shape(), &b.shape()}),
                           op.output(shape).data(), a.data(), b.data(), value);
  }

  return op.finish([derivative_a, derivative_b, same_shape](Backward<T>& back) {
    contribute(back, 0, same_shape, derivative_a);
    contribute(back, 1, same_shape, derivative_b);
  });
}

}  // namespace xtape
