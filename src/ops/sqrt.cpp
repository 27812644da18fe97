// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> sqrt(Variable<T> x) {
  return unary(
      "sqrt", x, [](T x) { return std::sqrt(x); }, [](T, T y) { return T{0.5} / y; });
}

template Variable<float> sqrt(Variable<float>);
template Variable<double> sqrt(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
