// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct Tanh;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> tanh(Variable<T> x) {
  return unary<kernels::Tanh>("tanh", x);
}

template Variable<float> tanh(Variable<float>);
template Variable<double> tanh(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
