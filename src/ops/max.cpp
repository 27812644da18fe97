// SPDX-License-Identifier: BSD-3-Clause
#include <limits>

#include "arrays/format.hpp"
#include "kernels/elementwise.hpp"
#include "ops/axes.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/reduce.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> max(Variable<T> x, Axes axes, KeepDims keep) {
  const Shape shape = x.shape();
  const auto reduced = axes.resolve("max", shape);
  if (reduced_elements(shape, reduced) == 0) {
    fail<ShapeError>("max: there must be an element to choose, got shape {} with no elements along the axes",
                     shape);
  }
  const Shape kept = reduced_shape(shape, reduced, KeepDims::yes);

  Recording<T> op("max", {x});
  const ArrayView<T> y = op.output(reduced_shape(shape, reduced, keep));
  const ArrayView<double> winners = op.template save<double>(kept);  // a float stops counting at 2^24
  const auto nest = kernels::make_nest<2>(shape, {&kept, &shape});
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = -std::numeric_limits<T>::infinity();
    winners[i] = 0;
  }
  kernels::for_each_element(nest, [&](const std::size_t(&at)[2]) {
    const T candidate = x.data()[at[1]];
    T& best = y[at[0]];
    if (candidate > best || candidate != candidate) {
      best = candidate;
      winners[at[0]] = 1;
    } else if (candidate == best) {
      winners[at[0]] += 1;
    }
  });

  return op.finish([nest, winners](Backward<T>& b) {
    const ArrayView<T> dx = b.input_grad(0);
    kernels::for_each_element(nest, [&](const std::size_t(&at)[2]) {
      const T best = b.output()[at[0]];
      if (b.input(0)[at[1]] == best) dx[at[1]] += static_cast<T>(b.output_grad()[at[0]] / winners[at[0]]);
    });
  });
}

template Variable<float> max(Variable<float>, Axes, KeepDims);
template Variable<double> max(Variable<double>, Axes, KeepDims);

}  // namespace xtape
#pragma GCC visibility pop
