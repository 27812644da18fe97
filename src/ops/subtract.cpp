// SPDX-License-Identifier: BSD-3-Clause
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/arithmetic.hpp"

namespace xtape::kernels {
struct Subtract;
}

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> subtract(Variable<T> a, Variable<T> b) {
  return binary("subtract", a, b, kernels::kernel<kernels::Binary<kernels::Subtract>, T>(), PassOn{},
                [](T, T, T) { return T{-1}; });
}

template <class T>
Variable<T> subtract(Variable<T> a, Number<T> b) {
  return unary(
      "subtract", a, [b](T x) { return x - b; }, [](T, T) { return T{1}; });
}

template <class T>
Variable<T> subtract(Number<T> a, Variable<T> b) {
  return unary(
      "subtract", b, [a](T x) { return a - x; }, [](T, T) { return T{-1}; });
}

template Variable<float> subtract(Variable<float>, Variable<float>);
template Variable<float> subtract(Variable<float>, float);
template Variable<float> subtract(float, Variable<float>);
template Variable<double> subtract(Variable<double>, Variable<double>);
template Variable<double> subtract(Variable<double>, double);
template Variable<double> subtract(double, Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
