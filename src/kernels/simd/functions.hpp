// SPDX-License-Identifier: BSD-3-Clause
// Functions of one element, value and derivative side by side. Those over Wide take the precision that the
// result needs: Single for floats, which are computed in double and rounded once, else double.
#pragma once

#include "kernels/simd/exponential.hpp"

namespace xtape::kernels {
namespace {

XTAPE_INLINE Wide where_negative(Wide x, Wide then, Wide otherwise) {
  return xsimd::select(x < Wide(0.0), then, otherwise);
}

// x, and 0 where it is NaN.
XTAPE_INLINE Wide number_or_0(Wide x) { return xsimd::select(x == x, x, Wide(0.0)); }

// x - (point + rest), where x is near the point.
XTAPE_INLINE Wide distance(Wide x, double point, double rest) { return (x - Wide(point)) - Wide(rest); }

// x / (1 + e)^2, for e in [0, 1]
template <class Precision>
XTAPE_INLINE Wide over_square_of_1_plus(Wide x, Wide e) {
  const Wide one(1.0), sum = one + e, square = sum * sum, quotient = x / square;
  if constexpr (std::is_same_v<Precision, Single>) return quotient;
  const Wide lost = multiply_add(sum, sum, -square) + Wide(2.0) * sum * (e - (sum - one));  // by rounding
  return quotient - quotient * (lost / square);
}

struct Exp {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    return exponential<Precision>(x);
  }
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    return exponential<Precision>(x);
  }
};

struct Log {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    if constexpr (std::is_same_v<Precision, Single>) return xsimd::log(x);
    // xsimd's does not know subnormal numbers.
    const auto is_small = (x < Wide(std::numeric_limits<double>::min())) & (x > Wide(0.0));
    return xsimd::log(xsimd::select(is_small, x * Wide(0x1p54), x)) -
           xsimd::select(is_small, Wide(54 * 0.6931471805599453), Wide(0.0));
  }
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    return Wide(1.0) / x;
  }
};

struct Log1p {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    return xsimd::log1p(x);
  }
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    return Wide(1.0) / (Wide(1.0) + x);
  }
};

struct Sigmoid {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    const Wide e = decay<Precision>(x), one(1.0);
    return where_negative(x, e, one) / (one + e);
  }
  // sigmoid(x) sigmoid(-x)
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    const Wide e = decay<Precision>(x);
    return over_square_of_1_plus<Precision>(e, e);
  }
};

// log(1 + e^x)
struct Softplus {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    return where_negative(x, Wide(0.0), x) + log1p_of_fraction<Precision>(decay<Precision>(x));
  }
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    return Sigmoid::value<Precision>(x);
  }
};

struct Tanh {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    if constexpr (std::is_same_v<Precision, Single>) {
      // Near 0 the quotient would be a difference; there the series is good to 2^-45.
      static constexpr double series[] = {1, -1.0 / 3, 2.0 / 15, -17.0 / 315};
      const Wide e = decay<Single>(x + x), one(1.0), quotient = (one - e) / (one + e);
      return xsimd::select(xsimd::abs(x) < Wide(0x1p-5), x * polynomial(series, x * x),
                           where_negative(x, -quotient, quotient));
    } else {
      // xsimd makes an integer of its argument on the way, which neither NaN nor what is far out can be.
      constexpr double far = 40;
      const Wide bounded = -at_least(Wide(-far), -at_least(Wide(-far), number_or_0(x)));
      return xsimd::select(x == x, xsimd::tanh(bounded), x);
    }
  }
  // 1 - tanh(x)^2 = 4 e / (1 + e)^2 with e = e^(-2 |x|): nothing cancels where tanh(x) is near 1.
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    return Wide(4.0) * Sigmoid::derivative<Precision>(x + x);
  }
};

// x sigmoid(x)
struct Silu {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    return above_lowest(x) * Sigmoid::value<Precision>(x);
  }
  // With e = e^-|x| it is (1 + e (1 + x)) / (1 + e)^2, below 0 e (e + 1 + x) / (1 + e)^2.
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    const Wide e = decay<Precision>(x), one(1.0);
    const Wide bounded = xsimd::select(x > Wide(800.0), Wide(800.0), above_lowest(x));
    const Wide above = bounded + one;
    const Wide numerator =
        where_negative(x, e * sum_below_0<Precision>(bounded, e, above), multiply_add(e, above, one));
    return over_square_of_1_plus<Precision>(numerator, e);
  }

 private:
  // e^x + 1 + x. Near its zero, where the parts cancel, it is d q(d) with the distance d from it: minimax in
  // the relative error, 2^-37 and 2^-53.
  template <class Precision>
  XTAPE_INLINE static Wide sum_below_0(Wide x, Wide e, Wide above) {
    static constexpr double of_single[] = {1.2784645427610737,   0.13923227156518092,  0.0464107571473571,
                                           0.011602665649325935, 0.002320535231060346, 0.0003875123488635693,
                                           5.53348924689485e-05};
    static constexpr double of_double[] = {
        1.278464542761074,     0.1392322713805369,     0.04641075712683523,    0.011602689281710541,
        0.0023205378576741384, 0.00038675630950135324, 5.5250841679849726e-05, 6.906357696492319e-06,
        7.684643590356628e-07, 7.682824862790272e-08};
    const Wide d = distance(x, -1.2784645427610737, -1.0946994183093437e-16);
    Wide near_zero;
    if constexpr (std::is_same_v<Precision, Single>)
      near_zero = d * polynomial(of_single, d);
    else
      near_zero = d * polynomial(of_double, d);
    return xsimd::select(xsimd::abs(d) < Wide(0.25), near_zero, e + above);
  }

  // -inf times 0 is no number. Below -800 the sigmoid is 0.
  XTAPE_INLINE static Wide above_lowest(Wide x) { return xsimd::select(x < Wide(-800.0), Wide(-800.0), x); }
};

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
struct Gelu {
  template <class Precision>
  static Wide value(Wide x) {
    return at_least(Wide(-far), x) * distribution<Precision>(bounded(x));
  }
  template <class Precision>
  static Wide derivative(Wide x) {
    const Wide kept = bounded(x);
    const Wide slope = distribution<Precision>(kept) + kept * density<Precision>(kept);
    if constexpr (std::is_same_v<Precision, Single>) return slope;
    // Near its zero, where the parts cancel, it is d q(d) with the distance d from it: minimax in the
    // relative error, 2^-53.
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
    return Wide(0.5) * xsimd::erfc(number_or_0(x) * Wide(-0.7071067811865476));  // see Tanh
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

struct Relu {
  template <class B>
  XTAPE_INLINE static B value(B x) {
    return xsimd::select(x < B(Value<B>{0}), B(Value<B>{0}), x);
  }
  template <class B>
  XTAPE_INLINE static B derivative(B x) {
    return xsimd::select(x > B(Value<B>{0}), B(Value<B>{1}), B(Value<B>{0}));
  }
};

struct LeakyRelu {
  template <class B>
  XTAPE_INLINE static B value(B x, B slope) {
    return xsimd::select(x > B(Value<B>{0}), x, slope * x);
  }
  template <class B>
  XTAPE_INLINE static B derivative(B x, B slope) {
    return xsimd::select(x > B(Value<B>{0}), B(Value<B>{1}), slope);
  }
};

// alpha (e^x - 1) up to 0
struct Elu {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x, Wide alpha) {
    // Below -40 the exponential is lost beside 1. See Tanh.
    const auto is_negative = x < Wide(0.0);
    const Wide bounded = at_least(Wide(-40.0), xsimd::select(is_negative, x, Wide(0.0)));
    return xsimd::select(is_negative, alpha * xsimd::expm1(bounded), x);
  }
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x, Wide alpha) {
    return xsimd::select(x > Wide(0.0), Wide(1.0), alpha * exponential<Precision>(x));
  }
};

}  // namespace
}  // namespace xtape::kernels
