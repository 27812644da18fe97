// SPDX-License-Identifier: BSD-3-Clause
#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape {

template <class T>
Variable<T> relu(Variable<T> x) {
  return unary(
      "relu", x, [](T x) { return x < 0 ? T{0} : x; }, [](T x, T) { return x > 0 ? T{1} : T{0}; });
}

template Variable<float> relu(Variable<float>);
template Variable<double> relu(Variable<double>);

}  // namespace xtape
