// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/broadcast.hpp"
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
  kernels::sum(kernels::make_reduction<2>(shape, {&kept, &shape}), x.data(), y.data(), true, divisor);

  return op.finish([kept, divisor](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    T* dx = grad.data();
    const T* dy = b.output_grad().data();
    const auto nest = kernels::make_nest<2>(grad.shape(), {&grad.shape(), &kept});
    const std::size_t dy_step = nest.inner_stride(1);
    kernels::for_each_row_in_parallel(nest, [=, first = first](const std::size_t(&at)[2], std::size_t n) {
      for (std::size_t i = 0; i < n; ++i) {
        const T share = static_cast<T>(dy[at[1] + i * dy_step] / divisor);
        dx[at[0] + i] = first ? share : dx[at[0] + i] + share;
      }
    });
  });
}

}  // namespace xtape
