// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// Numbers with their derivative in one direction, carried along with the value: forward mode, in long double.
// It shares nothing with the tape, which goes backwards, but the definitions of the operations.

#include <cmath>
#include <limits>

namespace xtape::fuzz {

using Real = long double;

struct Dual {
  Real value = 0, slope = 0;
  // The sums of the sizes of all terms, as if none cancelled another: what rounding is measured by.
  Real value_size = 0, slope_size = 0;

  Dual() = default;
  Dual(Real constant) : value(constant), value_size(std::abs(constant)) {}
  Dual(Real value_, Real slope_)
      : value(value_), slope(slope_), value_size(std::abs(value_)), slope_size(std::abs(slope_)) {}

  bool is_constant() const { return slope_size == 0; }
};

inline Dual operator+(Dual a, const Dual& b) {
  a.value += b.value;
  a.slope += b.slope;
  a.value_size += b.value_size;
  a.slope_size += b.slope_size;
  return a;
}

inline Dual operator-(Dual x) {
  x.value = -x.value;
  x.slope = -x.slope;
  return x;
}

inline Dual operator-(const Dual& a, const Dual& b) { return a + -b; }

inline Dual operator*(const Dual& a, const Dual& b) {
  Dual y;
  y.value = a.value * b.value;
  y.value_size = a.value_size * b.value_size;
  if (!a.is_constant()) {
    y.slope += a.slope * b.value;
    y.slope_size += a.slope_size * b.value_size;
  }
  if (!b.is_constant()) {
    y.slope += a.value * b.slope;
    y.slope_size += a.value_size * b.slope_size;
  }
  return y;
}

/// A function of x with this value and this derivative, whose terms have that size.
inline Dual function(const Dual& x, Real value, Real derivative, Real derivative_size) {
  Dual y(value);
  y.value_size += derivative_size * x.value_size;
  y.slope = x.is_constant() ? 0 : derivative * x.slope;
  // Also of what happens not to change in this direction an infinite derivative can be seen.
  y.slope_size =
      std::isfinite(derivative) ? derivative_size * x.slope_size : std::numeric_limits<Real>::infinity();
  return y;
}
inline Dual function(const Dual& x, Real value, Real derivative) {
  return function(x, value, derivative, std::abs(derivative));
}

inline Dual reciprocal(const Dual& x) { return function(x, 1 / x.value, -1 / (x.value * x.value)); }
inline Dual operator/(const Dual& a, const Dual& b) {
  Dual y = a * reciprocal(b);
  y.value = a.value / b.value;  // also where b is infinite or 0
  return y;
}

inline Dual exp(const Dual& x) { return function(x, std::exp(x.value), std::exp(x.value)); }
inline Dual log(const Dual& x) { return function(x, std::log(x.value), 1 / x.value); }
inline Dual log1p(const Dual& x) { return function(x, std::log1p(x.value), 1 / (1 + x.value)); }
inline Dual sqrt(const Dual& x) {
  const Real root = std::sqrt(x.value);
  return function(x, root, 1 / (2 * root));
}
inline Dual square(const Dual& x) { return function(x, x.value * x.value, 2 * x.value); }
inline Dual abs(const Dual& x) {
  return function(x, std::abs(x.value), static_cast<Real>((x.value > 0) - (x.value < 0)));
}
inline Dual clip(const Dual& x, Real low, Real high) {
  const bool inside = x.value >= low && x.value <= high;
  return function(x, std::fmin(std::fmax(x.value, low), high), inside ? 1 : 0);
}
inline Dual tanh(const Dual& x) {
  const Real cosh = std::cosh(x.value);
  return function(x, std::tanh(x.value), 1 / (cosh * cosh));
}

inline Real logistic(Real x) { return 1 / (1 + std::exp(-x)); }
inline Dual sigmoid(const Dual& x) {
  return function(x, logistic(x.value), logistic(x.value) * logistic(-x.value));
}
inline Dual leaky_relu(const Dual& x, Real slope) {
  return x.value > 0 ? function(x, x.value, 1) : function(x, slope * x.value, slope);
}
inline Dual relu(const Dual& x) { return leaky_relu(x, 0); }
inline Dual elu(const Dual& x, Real alpha) {
  return x.value > 0 ? function(x, x.value, 1)
                     : function(x, alpha * std::expm1(x.value), alpha * std::exp(x.value));
}
inline Dual softplus(const Dual& x) {
  return function(x, std::fmax(x.value, 0) + std::log1p(std::exp(-std::abs(x.value))), logistic(x.value));
}
inline Dual gelu(const Dual& x) {
  const Real probability = std::erfc(-x.value / std::sqrt(Real{2})) / 2,
             density = std::exp(-x.value * x.value / 2) / std::sqrt(2 * std::acos(Real{-1}));
  return function(x, x.value * probability, probability + x.value * density,
                  probability + std::abs(x.value * density));
}
inline Dual silu(const Dual& x) {
  const Real s = logistic(x.value), other = logistic(-x.value);
  return function(x, x.value * s, s * (1 + x.value * other), s * (1 + std::abs(x.value * other)));
}

inline Dual hard_swish(const Dual& x) {
  if (x.value <= -3 || x.value >= 3) return relu(x);
  return function(x, x.value * (x.value + 3) / 6, (2 * x.value + 3) / 6, (2 * std::abs(x.value) + 3) / 6);
}

inline Dual power(const Dual& base, Real e) {
  const Real b = base.value;
  return function(base, std::pow(b, e), e == 0 ? 0 : e * std::pow(b, e - 1));
}
inline Dual power(const Dual& base, const Dual& exponent) {
  const Real b = base.value, e = exponent.value, value = std::pow(b, e);
  Dual y = power(base, e);
  const Dual of_exponent = function(exponent, value, b == 0 && e >= 0 ? 0 : value * std::log(b));
  y.slope += of_exponent.slope;
  y.slope_size += of_exponent.slope_size;
  y.value_size += of_exponent.value_size;
  return y;
}

/// The larger one, by value; of equal ones the mean slope.
inline Dual maximum(const Dual& a, const Dual& b) {
  if (a.value == b.value) return (a + b) * Dual(Real{1} / 2);
  return a.value > b.value ? a : b;
}
inline Dual minimum(const Dual& a, const Dual& b) { return -maximum(-a, -b); }

}  // namespace xtape::fuzz
