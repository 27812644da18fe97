// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/broadcast.hpp"
#include "ops/axes.hpp"
#include "threads/workspace.hpp"
#include "xtape/autograd/recording.hpp"

namespace xtape {

// x / divisor
template <class T>
const T* divided(const ArrayView<const T>& x, double divisor, Workspace& workspace) {
  if (divisor == 1) return x.data();
  T* const result = workspace.take<T>(x.size());
  kernels::kernel<kernels::Sums, T>().divide(x.data(), x.size(), divisor, result);
  return result;
}

// y = sum of x over the reduced axes, divided by `divisor`. dx = dy / divisor, repeated along those axes.
template <class T>
Variable<T> scaled_sum(const char* name, Variable<T> x, const std::array<bool, Shape::max_rank>& reduced,
                       KeepDims keep, double divisor) {
  const Shape shape = x.shape();
  const Shape kept = reduced_shape(shape, reduced, KeepDims::yes);

  Recording<T> op(name, {x});
  const ArrayView<T> y = op.output(reduced_shape(shape, reduced, keep));
  kernels::sum(kernels::make_reduction<2>(shape, {&kept, &shape}), x.data(), y.data(), true, divisor);

  return op.finish([kept, divisor](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    Workspace workspace;
    const T* const shares = divided(b.output_grad(), divisor, workspace);
    kernels::repeat(kernels::make_nest<2>(grad.shape(), {&grad.shape(), &kept}), shares, grad.data(), first);
  });
}

}  // namespace xtape
