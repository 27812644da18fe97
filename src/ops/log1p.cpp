// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> log1p(Variable<T> x) {
  return unary("log1p", x, &kernels::Kernels<T>::log1p);
}

template Variable<float> log1p(Variable<float>);
template Variable<double> log1p(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
