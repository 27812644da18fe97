// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct Silu;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> silu(Variable<T> x) {
  return unary<kernels::Silu>("silu", x);
}

template Variable<float> silu(Variable<float>);
template Variable<double> silu(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
