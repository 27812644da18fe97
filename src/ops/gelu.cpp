// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <numbers>

#include "ops/unary.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape {
namespace {

// The standard normal distribution. Floats are computed in double too, and rounded once.

// e^(-x^2 / 2) / sqrt(2 pi)
double normal_density(double x) {
  const double square = x * x;
  // Far out an ulp of x^2 is many of its exponential: what rounding took from it is put back.
  const double rounded_off = std::fma(x, x, -square);
  return 0.3989422804014327 * std::exp(-square / 2) * (1 - rounded_off / 2);
}

// Its integral from -inf to x, erfc(-x / sqrt(2)) / 2.
double normal_distribution(double x) {
  constexpr double sqrt2 = std::numbers::sqrt2, rest_of_sqrt2 = -9.667293313452913e-17;
  const double z = x * (sqrt2 / 2);
  // Likewise: erfc(-z) is that of sqrt(2) z, and the slope from there to x is the density.
  const double rounded_off = std::fma(-sqrt2, z, x) - rest_of_sqrt2 * z;
  return std::erfc(-z) / 2 + rounded_off * normal_density(x);
}

// So far out the tails are 0 in double. Infinity is never multiplied by them: that would be NaN.
constexpr double far = 40;

}  // namespace

template <class T>
Variable<T> gelu(Variable<T> x) {
  return unary(
      "gelu", x,
      [](T x) {
        const double kept = std::max<double>(x, -far);
        return static_cast<T>(kept * normal_distribution(std::min(kept, far)));
      },
      [](T x, T) {
        const double kept = std::clamp<double>(x, -far, far);
        return static_cast<T>(normal_distribution(kept) + kept * normal_density(kept));
      });
}

template Variable<float> gelu(Variable<float>);
template Variable<double> gelu(Variable<double>);

}  // namespace xtape
