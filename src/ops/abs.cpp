// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> abs(Variable<T> x) {
  return unary(
      "abs", x, [](T x) { return std::abs(x); }, [](T x, T) { return static_cast<T>((x > 0) - (x < 0)); });
}

template Variable<float> abs(Variable<float>);
template Variable<double> abs(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
