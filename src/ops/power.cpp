// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/arithmetic.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

template <class T>
T base_derivative(T base, T exponent) {
  return exponent == 0 ? T{0} : exponent * std::pow(base, exponent - 1);
}

template <class T>
T exponent_derivative(T base, T exponent, T result) {
  // 0^y is 0 or 1 all along y >= 0, where 0 * log(0) would be NaN.
  return base == 0 && exponent >= 0 ? T{0} : result * std::log(base);
}

}  // namespace

template <class T>
Variable<T> power(Variable<T> base, Variable<T> exponent) {
  return binary(
      "power", base, exponent, [](T x, T y) { return std::pow(x, y); },
      [](T x, T y, T) { return base_derivative(x, y); },
      [](T x, T y, T result) { return exponent_derivative(x, y, result); });
}

template <class T>
Variable<T> power(Variable<T> base, Number<T> exponent) {
  return unary(
      "power", base, [exponent](T x) { return std::pow(x, exponent); },
      [exponent](T x, T) { return base_derivative(x, exponent); });
}

template <class T>
Variable<T> power(Number<T> base, Variable<T> exponent) {
  return unary(
      "power", exponent, [base](T y) { return std::pow(base, y); },
      [base](T y, T result) { return exponent_derivative(base, y, result); });
}

template Variable<float> power(Variable<float>, Variable<float>);
template Variable<float> power(Variable<float>, float);
template Variable<float> power(float, Variable<float>);
template Variable<double> power(Variable<double>, Variable<double>);
template Variable<double> power(Variable<double>, double);
template Variable<double> power(double, Variable<double>);

}  // namespace xtape
#pragma GCC visibility pop
