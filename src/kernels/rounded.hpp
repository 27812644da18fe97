// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <utility>

namespace xtape::kernels {

// value (1 + low): a number, and what rounding took from it as a fraction of it.
struct Rounded {
  double value;
  double low = 0;

  double nearest() const { return value + value * low; }

  // a + b, not both 0
  static Rounded sum(double a, double b) {
    if (std::abs(a) < std::abs(b)) std::swap(a, b);
    const double sum = a + b;
    return {sum, ((a - sum) + b) / sum};
  }
};

// 1 - p, for p in [0, 1]
inline Rounded one_minus(Rounded p) {
  const double value = 1 - p.value;
  if (value == 0) return {value};
  return {value, ((1 - value - p.value) - p.value * p.low) / value};
}

// Of what is rounded to T in the end. Double is precise enough for floats, so that they do without what
// rounding takes from an operation.

template <class T>
inline constexpr bool is_double = sizeof(T) == sizeof(double);

// 1 + x, for x of at least 0
template <class T>
Rounded one_plus(Rounded x) {
  if (!is_double<T>) return {1 + x.value};
  const Rounded sum = Rounded::sum(1, x.value);
  return {sum.value, sum.low + x.value * x.low / sum.value};
}

template <class T>
Rounded quotient(Rounded a, Rounded b) {
  const double value = a.value / b.value, low = a.low - b.low;
  if (!is_double<T> || value == 0 || std::isinf(value)) return {value, low};
  return {value, low + std::fma(-value, b.value, a.value) / a.value};
}

template <class T>
Rounded product(Rounded a, Rounded b) {
  const double value = a.value * b.value, low = a.low + b.low;
  if (!is_double<T> || value == 0 || std::isinf(value)) return {value, low};
  return {value, low + std::fma(a.value, b.value, -value) / value};
}

// u a + v b, for weights u and v of at least 0
template <class T>
Rounded mixture(double u, Rounded a, double v, Rounded b) {
  if (v == 0) return {u * a.value, a.low};
  if (u == 0) return {v * b.value, b.low};
  const Rounded of_a = product<T>({u}, a), of_b = product<T>({v}, b);
  const double sum = of_a.value + of_b.value;
  if (!is_double<T> || sum == 0) return {sum};
  return {sum,
          Rounded::sum(of_a.value, of_b.value).low + (of_a.value * of_a.low + of_b.value * of_b.low) / sum};
}

// a^exponent
inline double power(Rounded a, double exponent) {
  if (exponent == 1) return a.nearest();
  const double power = exponent == 2 ? a.value * a.value : std::pow(a.value, exponent);
  return power + power * (exponent * a.low);
}

}  // namespace xtape::kernels
