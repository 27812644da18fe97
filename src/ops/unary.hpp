// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/elementwise.hpp"
#include "xtape/autograd/recording.hpp"

namespace xtape {

// An operation on each element: y = value(x), and dx = dy * derivative(x, y).
template <class T, class Value, class Derivative>
Variable<T> unary(const char* name, Variable<T> x, Value value, Derivative derivative) {
  Recording<T> op(name, {x});
  const ArrayView<T> y = op.output(x.shape());
  kernels::map(x.data(), y.data(), y.size(), value);

  return op.finish([derivative](Backward<T>& b) {
    const auto [dx, first] = b.contribution(0);
    kernels::map_backward(b.input(0).data(), b.output().data(), b.output_grad().data(), dx.data(), dx.size(),
                          first, derivative);
  });
}

}  // namespace xtape
