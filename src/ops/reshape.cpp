// SPDX-License-Identifier: BSD-3-Clause
#include "arrays/format.hpp"
#include "kernels/elementwise.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/rearrange.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> reshape(Variable<T> x, const Shape& shape) {
  if (shape.elements() != x.size()) {
    fail<ShapeError>("reshape: shape must have the {} elements of x {}, got {}", x.size(), x.shape(), shape);
  }
  Recording<T> op("reshape", {x});
  op.output_shares(x.data(), shape);

  return op.finish([](Backward<T>& b) {
    const auto [dx, first] = b.contribution(0);
    kernels::map_backward(b.input(0).data(), b.output().data(), b.output_grad().data(), dx.data(), dx.size(),
                          first, [](T, T) { return T{1}; });
  });
}

template Variable<float> reshape(Variable<float>, const Shape&);
template Variable<double> reshape(Variable<double>, const Shape&);

}  // namespace xtape
#pragma GCC visibility pop
