// SPDX-License-Identifier: BSD-3-Clause
#include "arrays/format.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct Elu;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> elu(Variable<T> x, Number<T> alpha) {
  require_finite("elu", "alpha", alpha);
  return unary<kernels::Elu>("elu", x, alpha);
}

template Variable<float> elu(Variable<float>, float);
template Variable<double> elu(Variable<double>, double);

}  // namespace xtape
#pragma GCC visibility pop
