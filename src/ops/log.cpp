// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> log(Variable<T> x) {
  return unary("log", x, &kernels::Kernels<T>::log);
}

template Variable<float> log(Variable<float>);
template Variable<double> log(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
