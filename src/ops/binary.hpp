// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/broadcast.hpp"
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
    parallel_for_even_ranges(grad.size(), products_per_block,
                             [&, grad = grad.data(), first = first](std::size_t begin, std::size_t end) {
                               kernels::map_backward(a + begin, b + begin, y + begin, dy + begin,
                                                     grad + begin, end - begin, first, derivative);
                             });
    return;
  }
  const Shape a_shape = back.input(0).shape(), b_shape = back.input(1).shape(), shape = back.output().shape();
  kernels::reduce_sum(
      kernels::make_reduction<4>(shape, {&grad.shape(), &a_shape, &b_shape, &shape}), grad.data(), first,
      [=](const std::size_t(&at)[4]) { return dy[at[3]] * derivative(a[at[1]], b[at[2]], y[at[3]]); });
}

// The derivative is 1.
struct PassOn {};

template <class T>
void contribute(Backward<T>& back, std::size_t input, bool, PassOn) {
  if (!back.needs_grad(input)) return;
  const ArrayView<const T> dy = back.output_grad();
  const Shape shape = back.input(input).shape();
  if (shape == dy.shape()) return back.pass_on(input, dy);
  const auto [grad, first] = back.contribution(input);
  kernels::sum(kernels::make_reduction<2>(dy.shape(), {&shape, &dy.shape()}), dy.data(), grad.data(), first);
}

// An operation on each pair of elements, with numpy's broadcasting: y = value(a, b), where value is a
// function of two numbers or a kernel.
template <class T, class Value, class DerivativeA, class DerivativeB>
Variable<T> binary(const char* name, Variable<T> a, Variable<T> b, Value value, DerivativeA derivative_a,
                   DerivativeB derivative_b) {
  const bool same_shape = a.shape() == b.shape();
  const Shape shape = same_shape ? a.shape() : broadcast_shape(name, a.shape(), b.shape());
  Recording<T> op(name, {a, b});
  T* y = op.output(shape).data();
  if (same_shape) {
    parallel_for_even_ranges(shape.elements(), products_per_block, [&](std::size_t begin, std::size_t end) {
      kernels::combine(value, a.data() + begin, true, b.data() + begin, true, y + begin, end - begin);
    });
  } else {
    kernels::broadcast(kernels::make_nest<3>(shape, {&shape, &a.shape(), &b.shape()}), y, a.data(), b.data(),
                       value);
  }

  return op.finish([derivative_a, derivative_b, same_shape](Backward<T>& back) {
    contribute(back, 0, same_shape, derivative_a);
    contribute(back, 1, same_shape, derivative_b);
  });
}

}  // namespace xtape
