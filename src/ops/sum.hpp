// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/elementwise.hpp"
#include "ops/axes.hpp"
#include "xtape/autograd/recording.hpp"

namespace xtape {

// y = sum of x over the reduced axes, divided by `divisor`. dx = dy / divisor, repeated along those axes.
template <class T>
Variable<T> scaled_sum(const char* name, Variable<T> x, const std::array<bool, Shape::max_rank>& reduced,
                       KeepDims keep, double divisor) {
  const Shape shape = x.shape();
  const Shape kept = reduced_shape(shape, reduced, KeepDims::yes);

  Recording<T> op(name, {x});
  const ArrayView<T> y = op.output(reduced_shape(shape, reduced, keep));
  const T* in = x.data();
  kernels::reduce_sum(
      kernels::make_reduction<2>(shape, {&kept, &shape}), y.data(), true,
      [in](const std::size_t(&at)[2]) { return in[at[1]]; }, divisor);

  return op.finish([kept, divisor](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    T* dx = grad.data();
    const T* dy = b.output_grad().data();
    kernels::for_each_element(kernels::make_nest<2>(grad.shape(), {&grad.shape(), &kept}),
                              [=, first = first](const std::size_t(&at)[2]) {
                                const T share = static_cast<T>(dy[at[1]] / divisor);
                                dx[at[0]] = first ? share : dx[at[0]] + share;
                              });
  });
}

}  // namespace xtape
