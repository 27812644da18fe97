// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> silu(Variable<T> x) {
  return unary("silu", x, &kernels::Kernels<T>::silu);
}

template Variable<float> silu(Variable<float>);
template Variable<double> silu(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
