// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct Log1p;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> log1p(Variable<T> x) {
  return unary<kernels::Log1p>("log1p", x);
}

template Variable<float> log1p(Variable<float>);
template Variable<double> log1p(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
