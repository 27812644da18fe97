// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> exp(Variable<T> x) {
  return unary("exp", x, &kernels::Kernels<T>::exp);
}

template Variable<float> exp(Variable<float>);
template Variable<double> exp(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
