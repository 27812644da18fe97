// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape {

template <class T>
Variable<T> exp(Variable<T> x) {
  return unary(
      "exp", x, [](T x) { return std::exp(x); }, [](T, T y) { return y; });
}

template Variable<float> exp(Variable<float>);
template Variable<double> exp(Variable<double>);

}  // namespace xtape
