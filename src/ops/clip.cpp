// SPDX-License-Identifier: BSD-3-Clause
#include "arrays/format.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> clip(Variable<T> x, Number<T> low, Number<T> high) {
  if (!(low <= high)) {
    fail<ArgumentError>("clip: low must be at most high, got low = {} and high = {}", low, high);
  }
  return unary(
      "clip", x, [low, high](T x) { return x < low ? low : (x > high ? high : x); },
      [low, high](T x, T) { return static_cast<T>((x >= low) & (x <= high)); });
}

template Variable<float> clip(Variable<float>, float, float);
template Variable<double> clip(Variable<double>, double, double);

}  // namespace xtape
#pragma GCC visibility pop
