// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {

struct Gelu;

namespace {

// e^(-x^2 / 2) / sqrt(2 pi)
inline double normal_density(double x) {
  const double square = x * x;
  // Far out an ulp of x^2 is many of its exponential: what rounding took from it is put back.
  const double rounded_off = __builtin_fma(x, x, -square);
  return 0.3989422804014327 * __builtin_exp(-square / 2) * (1 - rounded_off / 2);
}

// Its integral from -inf to x, erfc(-x / sqrt(2)) / 2.
inline double normal_distribution(double x) {
  constexpr double sqrt2 = 1.4142135623730951, rest_of_sqrt2 = -9.667293313452913e-17;
  const double z = x * (sqrt2 / 2);
  // Likewise: erfc(-z) is that of sqrt(2) z, and the slope from there to x is the density.
  const double rounded_off = __builtin_fma(-sqrt2, z, x) - rest_of_sqrt2 * z;
  return __builtin_erfc(-z) / 2 + rounded_off * normal_density(x);
}

// x times the normal distribution at x. xsimd's erfc is good to 1e-8 in the tail: enough for floats.
struct GeluFunction {
  template <class Precision>
  static Wide value(Wide x) {
    return at_least(Wide(-far), x) * distribution<Precision>(bounded(x));
  }
  template <class Precision>
  static Wide derivative(Wide x) {
    const Wide kept = bounded(x);
    const Wide slope = distribution<Precision>(kept) + kept * density<Precision>(kept);
    if constexpr (std::is_same_v<Precision, Single>) return slope;
    // Near its zero, where the parts cancel, it is d q(d) with the distance d from it: interpolated at
    // Chebyshev's nodes, with a relative error of 2^-53.
    static constexpr double q[] = {0.4314939923140469,     0.388284982990552,       -0.018199676398671122,
                                   -0.1140082332972217,    -0.014771522148240705,   0.019421679838189335,
                                   0.004539228378976112,   -0.002239538068084608,   -0.0007448268355997574,
                                   0.0001863397464612858,  8.61594430148815e-05,    -1.1214382841075225e-05,
                                   -7.748218987643053e-06, 4.3286314480083847e-07,  5.693130757983502e-07,
                                   -1.676487479625356e-09, -3.3383485395431794e-08, -1.2408918683387954e-09};
    const Wide d = distance(kept, -0.7517915246935645, 1.4956759177009883e-17);
    return xsimd::select(xsimd::abs(d) < Wide(0.5), d * polynomial(q, d), slope);
  }

 private:
  // So far out the tails are 0 in double. Infinity is never multiplied by them: that would be NaN.
  static constexpr double far = 40;
  static Wide bounded(Wide x) { return -at_least(Wide(-far), -at_least(Wide(-far), x)); }

  template <class Precision>
  static Wide distribution(Wide x) {
    if constexpr (!std::is_same_v<Precision, Single>) return of_each_lane(x, normal_distribution);
    return Wide(0.5) * xsimd::erfc(number_or_0(x) * Wide(-0.7071067811865476));  // see tanh.cpp
  }
  template <class Precision>
  static Wide density(Wide x) {
    if constexpr (!std::is_same_v<Precision, Single>) return of_each_lane(x, normal_density);
    return Wide(0.3989422804014327) * exponential<double>(Wide(-0.5) * x * x);
  }

  static Wide of_each_lane(Wide x, double (*function)(double)) {
    double lane[lanes<double>];
    store(x, lane);
    for (double& value : lane) value = function(value);
    return load<Wide>(lane);
  }
};

}  // namespace

XTAPE_KERNEL(Unary<Gelu>, over_wide<GeluFunction, T>);

}  // namespace xtape::kernels
