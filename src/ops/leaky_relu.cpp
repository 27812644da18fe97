// SPDX-License-Identifier: BSD-3-Clause
#include "arrays/format.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::kernels {
struct LeakyRelu;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> leaky_relu(Variable<T> x, Number<T> slope) {
  require_finite("leaky_relu", "slope", slope);
  return unary<kernels::LeakyRelu>("leaky_relu", x, slope);
}

template Variable<float> leaky_relu(Variable<float>, float);
template Variable<double> leaky_relu(Variable<double>, double);

}  // namespace xtape
#pragma GCC visibility pop
