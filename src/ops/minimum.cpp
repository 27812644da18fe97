// SPDX-License-Identifier: BSD-3-Clause
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/arithmetic.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

template <class T>
T minimum_of(T x, T y) {
  return x < y || x != x ? x : y;  // x != x: NaN
}

template <class T>
T share_of_minimum(T mine, T other) {
  if (mine == other) return T{0.5};
  return mine < other ? T{1} : T{0};
}

}  // namespace

template <class T>
Variable<T> minimum(Variable<T> a, Variable<T> b) {
  return binary(
      "minimum", a, b, [](T x, T y) { return minimum_of(x, y); },
      [](T x, T y, T) { return share_of_minimum(x, y); }, [](T x, T y, T) { return share_of_minimum(y, x); });
}

template <class T>
Variable<T> minimum(Variable<T> a, Number<T> b) {
  return unary(
      "minimum", a, [b](T x) { return minimum_of(x, b); }, [b](T x, T) { return share_of_minimum(x, b); });
}

template Variable<float> minimum(Variable<float>, Variable<float>);
template Variable<float> minimum(Variable<float>, float);
template Variable<double> minimum(Variable<double>, Variable<double>);
template Variable<double> minimum(Variable<double>, double);

}  // namespace xtape
#pragma GCC visibility pop
