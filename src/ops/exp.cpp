// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct Exp;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> exp(Variable<T> x) {
  return unary<kernels::Exp>("exp", x);
}

template Variable<float> exp(Variable<float>);
template Variable<double> exp(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
