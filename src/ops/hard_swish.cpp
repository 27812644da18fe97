// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct HardSwish;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> hard_swish(Variable<T> x) {
  return unary<kernels::HardSwish>("hard_swish", x);
}

template Variable<float> hard_swish(Variable<float>);
template Variable<double> hard_swish(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
