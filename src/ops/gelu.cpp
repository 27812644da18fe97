// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct Gelu;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> gelu(Variable<T> x) {
  return unary<kernels::Gelu>("gelu", x);
}

template Variable<float> gelu(Variable<float>);
template Variable<double> gelu(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
