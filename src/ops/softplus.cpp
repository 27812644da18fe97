// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/logistic.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape {

template <class T>
Variable<T> softplus(Variable<T> x) {
  return unary(
      "softplus", x, [](T x) { return kernels::softplus(x); }, [](T x, T) { return kernels::sigmoid(x); });
}

template Variable<float> softplus(Variable<float>);
template Variable<double> softplus(Variable<double>);

}  // namespace xtape
