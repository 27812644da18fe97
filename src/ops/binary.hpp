// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/elementwise.hpp"
#include "ops/broadcast_shape.hpp"
#include "xtape/autograd/recording.hpp"

namespace xtape {

// da (input 0 or 1) = dy * derivative(a, b, y), summed over the axes along which that input was repeated.
template <class T, class Derivative>
void contribute(Backward<T>& back, std::size_t input, Derivative derivative) {
  if (!back.needs_grad(input)) return;
  const auto [grad, first] = back.contribution(input);
  const ArrayView<const T> a = back.input(0), b = back.input(1), y = back.output();
  const T* dy = back.output_grad().data();
  if (a.shape() == b.shape()) {
    kernels::map_backward(a.data(), b.data(), y.data(), dy, grad.data(), grad.size(), first, derivative);
    return;
  }
  kernels::reduce_sum(
      kernels::make_reduction<4>(y.shape(), {&grad.shape(), &a.shape(), &b.shape(), &y.shape()}), grad.data(),
      first, [=, a = a.data(), b = b.data(), y = y.data()](const std::size_t(&at)[4]) {
        return dy[at[3]] * derivative(a[at[1]], b[at[2]], y[at[3]]);
      });
}

// An operation on each pair of elements, with numpy's broadcasting: y = value(a, b).
template <class T, class Value, class DerivativeA, class DerivativeB>
Variable<T> binary(const char* name, Variable<T> a, Variable<T> b, Value value, DerivativeA derivative_a,
                   DerivativeB derivative_b) {
  const bool same_shape = a.shape() == b.shape();
  const Shape shape = same_shape ? a.shape() : broadcast_shape(name, a.shape(), b.shape());
  Recording<T> op(name, {a, b});
  const ArrayView<T> y = op.output(shape);
  if (same_shape) {
    kernels::map(a.data(), b.data(), y.data(), y.size(), value);
  } else {
    kernels::broadcast_map(kernels::make_nest<3>(shape, {&shape, &a.shape(), &b.shape()}), y.data(), a.data(),
                           b.data(), value);
  }

  return op.finish([derivative_a, derivative_b](Backward<T>& back) {
    contribute(back, 0, derivative_a);
    contribute(back, 1, derivative_b);
  });
}

}  // namespace xtape
