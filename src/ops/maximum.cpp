// SPDX-License-Identifier: BSD-3-Clause
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/arithmetic.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

template <class T>
T maximum_of(T x, T y) {
  return x > y || x != x ? x : y;  // x != x: NaN
}

template <class T>
T share_of_maximum(T mine, T other) {
  if (mine == other) return T{0.5};
  return mine > other ? T{1} : T{0};
}

}  // namespace

template <class T>
Variable<T> maximum(Variable<T> a, Variable<T> b) {
  return binary(
      "maximum", a, b, [](T x, T y) { return maximum_of(x, y); },
      [](T x, T y, T) { return share_of_maximum(x, y); }, [](T x, T y, T) { return share_of_maximum(y, x); });
}

template <class T>
Variable<T> maximum(Variable<T> a, Number<T> b) {
  return unary(
      "maximum", a, [b](T x) { return maximum_of(x, b); }, [b](T x, T) { return share_of_maximum(x, b); });
}

template Variable<float> maximum(Variable<float>, Variable<float>);
template Variable<float> maximum(Variable<float>, float);
template Variable<double> maximum(Variable<double>, Variable<double>);
template Variable<double> maximum(Variable<double>, double);

}  // namespace xtape
#pragma GCC visibility pop
