// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> tanh(Variable<T> x) {
  return unary("tanh", x, &kernels::Kernels<T>::tanh);
}

template Variable<float> tanh(Variable<float>);
template Variable<double> tanh(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
