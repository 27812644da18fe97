// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct Softplus;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> softplus(Variable<T> x) {
  return unary<kernels::Softplus>("softplus", x);
}

template Variable<float> softplus(Variable<float>);
template Variable<double> softplus(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
