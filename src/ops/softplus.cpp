// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> softplus(Variable<T> x) {
  return unary("softplus", x, &kernels::Kernels<T>::softplus);
}

template Variable<float> softplus(Variable<float>);
template Variable<double> softplus(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
