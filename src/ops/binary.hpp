// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/elementwise.hpp"
#include "ops/broadcast_shape.hpp"
#include "xtape/autograd/recording.hpp"

namespace xtape {

// An operation on each pair of elements, with numpy's broadcasting: y = value(a, b),
// da = dy * derivative_a(a, b, y) and db = dy * derivative_b(a, b, y), each summed over the axes along
// which its operand was repeated.
template <class T, class Value, class DerivativeA, class DerivativeB>
Variable<T> binary(const char* name, Variable<T> a, Variable<T> b, Value value, DerivativeA derivative_a,
                   DerivativeB derivative_b) {
  const Shape shape = broadcast_shape(name, a.shape(), b.shape());
  Recording<T> op(name, {a, b});
  const ArrayView<T> y = op.output(shape);
  kernels::broadcast_map(kernels::make_nest<3>(shape, {&shape, &a.shape(), &b.shape()}), y.data(), a.data(),
                         b.data(), value);

  return op.finish([derivative_a, derivative_b](Backward<T>& b) {
    const auto contribute = [&b](std::size_t input, auto derivative) {
      if (!b.needs_grad(input)) return;
      const auto [grad, first] = b.contribution(input);
      const T *left = b.input(0).data(), *right = b.input(1).data();
      const T *y = b.output().data(), *dy = b.output_grad().data();
      const Shape &shape = b.output().shape(), &a_shape = b.input(0).shape(), &b_shape = b.input(1).shape();
      kernels::reduce_sum(kernels::make_reduction<4>(shape, {&grad.shape(), &a_shape, &b_shape, &shape}),
                          grad.data(), first, [=](const std::size_t(&at)[4]) {
                            return dy[at[3]] * derivative(left[at[1]], right[at[2]], y[at[3]]);
                          });
    };
    contribute(0, derivative_a);
    contribute(1, derivative_b);
  });
}

}  // namespace xtape
