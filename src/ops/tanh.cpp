// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape {

template <class T>
Variable<T> tanh(Variable<T> x) {
  return unary(
      "tanh", x, [](T x) { return std::tanh(x); },
      [](T x, T) {
        // 1 - tanh(x)^2 = 4 e / (1 + e)^2 with e = exp(-2 |x|): nothing cancels where tanh(x) is near 1.
        const T e = std::exp(-2 * std::abs(x));
        return 4 * e / ((1 + e) * (1 + e));
      });
}

template Variable<float> tanh(Variable<float>);
template Variable<double> tanh(Variable<double>);

}  // namespace xtape
