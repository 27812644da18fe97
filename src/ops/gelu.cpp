// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> gelu(Variable<T> x) {
  return unary("gelu", x, &kernels::Kernels<T>::gelu);
}

template Variable<float> gelu(Variable<float>);
template Variable<double> gelu(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
