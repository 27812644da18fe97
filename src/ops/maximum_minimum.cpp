// SPDX-License-Identifier: BSD-3-Clause
#include <functional>

#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "xtape/ops/arithmetic.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

// The one of two that comes before the other. If one is NaN, it does.
template <class Before>
struct Choice {
  Before before;

  template <class T>
  T of(T x, T y) const {
    return before(x, y) || x != x ? x : y;
  }
  // What the gradient leaves to the first: half where they are equal. Without a branch, so that the compiler
  // makes vectors of it.
  template <class T>
  T share(T mine, T other) const {
    const bool wins = before(mine, other), loses_not = wins | (mine == other);
    return static_cast<T>(static_cast<int>(wins) + static_cast<int>(loses_not)) / 2;
  }
};

template <class T, class Before>
Variable<T> record(const char* name, Choice<Before> choice, Variable<T> a, Variable<T> b) {
  return binary(
      name, a, b, [=](T x, T y) { return choice.of(x, y); }, [=](T x, T y, T) { return choice.share(x, y); },
      [=](T x, T y, T) { return choice.share(y, x); });
}

template <class T, class Before>
Variable<T> record(const char* name, Choice<Before> choice, Variable<T> a, T b) {
  return unary(
      name, a, [=](T x) { return choice.of(x, b); }, [=](T x, T) { return choice.share(x, b); });
}

constexpr Choice<std::greater<>> larger;
constexpr Choice<std::less<>> smaller;

}  // namespace

template <class T>
Variable<T> maximum(Variable<T> a, Variable<T> b) {
  return record("maximum", larger, a, b);
}
template <class T>
Variable<T> maximum(Variable<T> a, Number<T> b) {
  return record("maximum", larger, a, b);
}

template <class T>
Variable<T> minimum(Variable<T> a, Variable<T> b) {
  return record("minimum", smaller, a, b);
}
template <class T>
Variable<T> minimum(Variable<T> a, Number<T> b) {
  return record("minimum", smaller, a, b);
}

template Variable<float> maximum(Variable<float>, Variable<float>);
template Variable<float> maximum(Variable<float>, float);
template Variable<float> minimum(Variable<float>, Variable<float>);
template Variable<float> minimum(Variable<float>, float);
template Variable<double> maximum(Variable<double>, Variable<double>);
template Variable<double> maximum(Variable<double>, double);
template Variable<double> minimum(Variable<double>, Variable<double>);
template Variable<double> minimum(Variable<double>, double);

}  // namespace xtape
#pragma GCC visibility pop
