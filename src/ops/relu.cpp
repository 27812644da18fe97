// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> relu(Variable<T> x) {
  return unary<kernels::Relu>("relu", x);
}

template Variable<float> relu(Variable<float>);
template Variable<double> relu(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
