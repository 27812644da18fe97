// SPDX-License-Identifier: BSD-3-Clause
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/arithmetic.hpp"

namespace xtape::kernels {
struct Divide;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> divide(Variable<T> a, Variable<T> b) {
  return binary(
      "divide", a, b, kernels::kernel<kernels::Binary<kernels::Divide>, T>(), [](T, T y, T) { return 1 / y; },
      [](T, T y, T quotient) { return -quotient / y; });
}

template <class T>
Variable<T> divide(Variable<T> a, Number<T> b) {
  return unary(
      "divide", a, [b](T x) { return x / b; }, [b](T, T) { return 1 / b; });
}

template <class T>
Variable<T> divide(Number<T> a, Variable<T> b) {
  return unary(
      "divide", b, [a](T x) { return a / x; }, [](T x, T quotient) { return -quotient / x; });
}

template Variable<float> divide(Variable<float>, Variable<float>);
template Variable<float> divide(Variable<float>, float);
template Variable<float> divide(float, Variable<float>);
template Variable<double> divide(Variable<double>, Variable<double>);
template Variable<double> divide(Variable<double>, double);
template Variable<double> divide(double, Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
