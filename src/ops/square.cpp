// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> square(Variable<T> x) {
  return unary(
      "square", x, [](T x) { return x * x; }, [](T x, T) { return 2 * x; });
}

template Variable<float> square(Variable<float>);
template Variable<double> square(Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
