// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape {

template <class T>
Variable<T> tanh(Variable<T> x) {
  return unary(
      "tanh", x, [](T x) { return std::tanh(x); }, [](T, T y) { return (1 - y) * (1 + y); });
}

template Variable<float> tanh(Variable<float>);
template Variable<double> tanh(Variable<double>);

}  // namespace xtape
