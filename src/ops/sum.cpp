// SPDX-License-Identifier: BSD-3-Clause
#include "ops/sum.hpp"

#include "xtape/ops/reduce.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> sum(Variable<T> x, Axes axes, KeepDims keep) {
  return scaled_sum("sum", x, axes.resolve("sum", x.shape()), keep, 1);
}

template Variable<float> sum(Variable<float>, Axes, KeepDims);
template Variable<double> sum(Variable<double>, Axes, KeepDims);

}  // namespace xtape
#pragma GCC visibility pop
