// SPDX-License-Identifier: BSD-3-Clause
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/arithmetic.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> multiply(Variable<T> a, Variable<T> b) {
  return binary(
      "multiply", a, b, kernels::kernel<kernels::Binary<kernels::Multiply>, T>(), [](T, T y, T) { return y; },
      [](T x, T, T) { return x; });
}

template <class T>
Variable<T> multiply(Variable<T> a, Number<T> b) {
  return unary(
      "multiply", a, [b](T x) { return x * b; }, [b](T, T) { return b; });
}

template Variable<float> multiply(Variable<float>, Variable<float>);
template Variable<float> multiply(Variable<float>, float);
template Variable<double> multiply(Variable<double>, Variable<double>);
template Variable<double> multiply(Variable<double>, double);

}  // namespace xtape
#pragma GCC visibility pop
