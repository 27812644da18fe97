// SPDX-License-Identifier: BSD-3-Clause
#include "ops/sum.hpp"
#include "xtape/ops/reduce.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> mean(Variable<T> x, Axes axes, KeepDims keep) {
  const auto reduced = axes.resolve("mean", x.shape());
  return scaled_sum("mean", x, reduced, keep, static_cast<double>(reduced_elements(x.shape(), reduced)));
}

template Variable<float> mean(Variable<float>, Axes, KeepDims);
template Variable<double> mean(Variable<double>, Axes, KeepDims);

}  // namespace xtape
#pragma GCC visibility pop
