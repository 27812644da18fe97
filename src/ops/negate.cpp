// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/arithmetic.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> negate(Variable<T> x) {
  return unary(
      "negate", x, [](T x) { return -x; }, [](T, T) { return T{-1}; });
}

template Variable<float> negate(Variable<float>);
template Variable<double> negate(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
