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
    const Wide e = decay<Precision>(x), sum = Wide(1.0) + e;
    return e / (sum * sum);
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
  // In double for floats too: near its zero it is a difference.
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    const Wide e = decay<double>(x), one(1.0), larger = one / (one + e), smaller = e * larger;
    const Wide bounded = xsimd::select(x > Wide(800.0), Wide(800.0), above_lowest(x));
    return where_negative(x, smaller, larger) *
           multiply_add(bounded, where_negative(x, larger, smaller), one);
  }

 private:
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
    return distribution<Precision>(kept) + kept * density<Precision>(kept);
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
