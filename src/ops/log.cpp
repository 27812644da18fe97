// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct Log;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> log(Variable<T> x) {
  return unary<kernels::Log>("log", x);
}

template Variable<float> log(Variable<float>);
template Variable<double> log(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
