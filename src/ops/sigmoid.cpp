// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/logistic.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape {

template <class T>
Variable<T> sigmoid(Variable<T> x) {
  return unary(
      "sigmoid", x, [](T x) { return kernels::sigmoid(x); },
      [](T x, T y) { return y * kernels::sigmoid(-x); });
}

template Variable<float> sigmoid(Variable<float>);
template Variable<double> sigmoid(Variable<double>);

}  // namespace xtape
