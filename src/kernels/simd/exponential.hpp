// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bit>

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// The coefficients of q in e^r = 1 + r + r^2 q(r) for |r| <= log(2)/2, lowest first: minimax in the relative
// error of e^r (Remez exchange), which is in
//   Exponential<float>   2^-28.2
//   Exponential<Single>  2^-34.2, for floats that are computed in doubles
//   Exponential<double>  2^-64
template <class T>
struct Exponential;
template <>
struct Exponential<float> {
  static constexpr float q[] = {0x1.fffffcp-2F, 0x1.55549p-3F, 0x1.5558f4p-5F, 0x1.123a6ap-7F,
                                0x1.6a2358p-10F};
  static constexpr float log2_high = 0x1.63p-1F, log2_low = -0x1.bd0106p-13F;
  static constexpr float to_integer = 0x1.8p23F;  // adding it leaves the integer in the lowest bits
};
template <>
struct Exponential<Single> {
  static constexpr double q[] = {0.5000000068019951,   0.16666665864570368,  0.041666293677472106,
                                 0.008333497687508126, 0.001394475613704932, 0.00019790233533999822};
};
template <>
struct Exponential<double> {
  static constexpr double q[] = {0.5,
                                 0.16666666666666682,
                                 0.04166666666666609,
                                 0.008333333333316921,
                                 0.00138888888891172,
                                 0.00019841269896673022,
                                 2.4801586924670854e-05,
                                 2.755723456560619e-06,
                                 2.7557582766388583e-07,
                                 2.511214239810416e-08,
                                 2.082654014784009e-09};
  static constexpr double log2_high = 0x1.62e42fefa38p-1, log2_low = 0x1.ef35793c7673p-45;
  static constexpr double to_integer = 0x1.8p52;
};

// c[0] + c[1] x + c[2] x^2 + ... (Horner's scheme). Batches of a loop do not wait for each other.
template <std::size_t count, class B>
XTAPE_INLINE B polynomial(const Value<B> (&c)[count], B x) {
  B sum(c[count - 1]);
  for (std::size_t i = count - 1; i-- > 0;) sum = multiply_add(sum, x, B(c[i]));
  return sum;
}

// The same for an even count, in pairs: half as many steps wait for each other.
template <std::size_t count, class B>
XTAPE_INLINE B polynomial_of_pairs(const Value<B> (&c)[count], B x) {
  static_assert(count % 2 == 0);
  const auto pair = [&](std::size_t i) __attribute__((always_inline)) {
    return multiply_add(B(c[i + 1]), x, B(c[i]));
  };
  const B square = x * x;
  B sum = pair(count - 2);
  for (std::size_t i = count - 2; i > 0; i -= 2) sum = multiply_add(sum, square, pair(i - 2));
  return sum;
}

// The integer nearest to x / log(2), plus `to_integer`, which leaves it in the lowest bits.
template <class B>
XTAPE_INLINE B shifted_exponent(B x, B to_integer) {
  return multiply_add(x, B(static_cast<Value<B>>(1.4426950408889634)), to_integer);
}

// x - n log(2), for |n| < 2^11
template <class B>
XTAPE_INLINE B reduced(B x, B n) {
  using Constants = Exponential<Value<B>>;
  return multiply_add(n, B(-Constants::log2_low), multiply_add(n, B(-Constants::log2_high), x));
}

// x - n log(2) to 2^-44, for |n| < 2^10
XTAPE_INLINE Wide reduced_to_single(Wide x, Wide n) { return multiply_add(n, Wide(-0.6931471805599453), x); }

// (e^r - 1) / r for |r| <= log(2)/2
template <class Precision, class B>
XTAPE_INLINE B growth_near_0(B r) {
  return multiply_add(polynomial(Exponential<Precision>::q, r), r, B(Value<B>{1}));
}

// e^r for |r| <= log(2)/2
template <class Precision, class B>
XTAPE_INLINE B exponential_near_0(B r) {
  return multiply_add(growth_near_0<Precision>(r), r, B(Value<B>{1}));
}

// 2^(n + bias) from the sum of n, the bias and `to_integer`; its biased exponent must be that of a normal
// number.
template <class T>
XTAPE_INLINE Batch<T> power_of_two(Batch<T> shifted) {
  return bits_as<T>(bits_as<Bits<T>>(shifted) << (std::numeric_limits<T>::digits - 1));
}

// e^x to 2^-34 for |x| <= 700
XTAPE_INLINE Wide bounded_exponential(Wide x) {
  const Wide biased(Exponential<double>::to_integer + 1023);
  const Wide shifted = shifted_exponent(x, biased);
  return exponential_near_0<Single>(reduced_to_single(x, shifted - biased)) * power_of_two<double>(shifted);
}

// e^(x + low), 0 or infinite where it is too small or too large for the result's type; `low` is tiny beside
// x. That of Single, which is e^(+-700) there, becomes 0 or infinite when it is rounded to float.
template <class Precision>
XTAPE_INLINE Wide exponential(Wide x, Wide low = Wide(0.0)) {
  constexpr bool single = std::is_same_v<Precision, Single>;
  const Wide least(single ? -700.0 : -750.0), most(single ? 700.0 : 750.0);
  const Wide bounded = -at_least(-most, -at_least(least, x));
  const Wide to_integer(Exponential<double>::to_integer), biased = to_integer + Wide(1023.0);
  if constexpr (single) {
    return bounded_exponential(bounded);
  } else {
    // In two steps, each by a normal number.
    const Wide n = shifted_exponent(bounded, to_integer) - to_integer;
    const Wide half = multiply_add(n, Wide(0.5), biased), other = (n - (half - biased)) + biased;
    return exponential_near_0<double>(reduced(bounded, n) + low) * power_of_two<double>(half) *
           power_of_two<double>(other);
  }
}

// e^-|x|, which for Single is not below e^-700.
template <class Precision>
XTAPE_INLINE Wide decay(Wide x) {
  const Wide falling = -xsimd::abs(x);
  if constexpr (std::is_same_v<Precision, Single>) {
    return bounded_exponential(at_least(Wide(-700.0), falling));
  } else {
    return exponential<Precision>(falling);
  }
}

// e^-|x| for floats, in floats: rounded once more where that makes it subnormal.
XTAPE_INLINE Batch<float> decay(Batch<float> x) {
  using Constants = Exponential<float>;
  const Batch<float> bounded = at_least(Batch<float>(-110.0F), -xsimd::abs(x));
  const Batch<float> biased(Constants::to_integer + (127 + 64)), shifted = shifted_exponent(bounded, biased);
  const Batch<float> mantissa = exponential_near_0<float>(reduced(bounded, shifted - biased));
  return mantissa * power_of_two<float>(shifted) * Batch<float>(0x1p-64F);
}

// e^(x - max) for x <= max. The difference of two floats is exact enough in double; that of two doubles is
// rounded where their magnitudes differ, and its error (Knuth's two-sum) goes into the exponential.
template <class Precision>
XTAPE_INLINE Wide exponential_of_difference(Wide x, Wide max) {
  const Wide d = x - max;
  if constexpr (std::is_same_v<Precision, Single>) return bounded_exponential(at_least(Wide(-700.0), d));
  const Wide back = d - x, low = (x - (d - back)) - (max + back);
  return exponential<Precision>(d, xsimd::select(d < Wide(-750.0), Wide(0.0), low));
}

// log(1 + x) for x in [0, 1]
template <class Precision>
XTAPE_INLINE Wide log1p_of_fraction(Wide x) {
  if constexpr (std::is_same_v<Precision, Single>) {
    // Of log1p(x) / x: minimax in the relative error, 2^-33.
    static constexpr double c[] = {0.9999999998820293,   -0.49999996500951077, 0.33333160247112015,
                                   -0.24996613453724217, 0.19965303717318852,  -0.1645287692935444,
                                   0.13426549501432924,  -0.10124378402037477, 0.0640078824953004,
                                   -0.03017255460859988, 0.00908097263535699,  -0.0012806017238783743};
    return x * polynomial_of_pairs(c, x);
  } else {
    return xsimd::log1p(x);
  }
}

// The same of floats, in floats.
XTAPE_INLINE Batch<float> log1p_of_fraction(Batch<float> x) {
  // Of (log1p(x) - x) / x^2: minimax in the relative error of log1p(x), 2^-30.
  static constexpr float c[] = {-0x1.fffff8p-2F, 0x1.5553b6p-2F, -0x1.ffc59ep-3F, 0x1.978b56p-3F,
                                -0x1.4a72c4p-3F, 0x1.ff295ap-4F, -0x1.54f25ep-4F, 0x1.59013p-5F,
                                -0x1.c0a61p-7F,  0x1.1139b4p-9F};
  return multiply_add(x * x, polynomial_of_pairs(c, x), x);
}

// log(1 + x) for x >= 0, NaN where x is.
template <class Precision>
XTAPE_INLINE Wide log1p_of_positive(Wide x) {
  if constexpr (std::is_same_v<Precision, Single>) {
    // Of log1p(f) / f for 1 + f from sqrt(1/2) to sqrt(2): minimax in the relative error, 2^-33.
    static constexpr double c[] = {1.000000000034922,    -0.5000000033054254,  0.3333333151497441,
                                   -0.24999933480429123, 0.2000011335495036,   -0.16670479018672324,
                                   0.14285503928953466,  -0.12410589057513015, 0.11021143512296543,
                                   -0.10881180673523629, 0.10733907996936096,  -0.059850512696316596};
    using Words = Batch<std::uint64_t>;
    const Wide one(1.0), two_to_52(0x1p52);
    const Words sqrt_half(std::bit_cast<std::uint64_t>(0.7071067811865476));
    // 1 + x = 2^n (1 + f)
    const Words from_sqrt_half = bits_as<std::uint64_t>(one + x) - sqrt_half;
    const Words exponent = (from_sqrt_half >> 52) | bits_as<std::uint64_t>(two_to_52);
    const Words mantissa = (from_sqrt_half & Words(0xfffffffffffff)) + sqrt_half;
    const Wide n = bits_as<double>(exponent) - two_to_52;
    const Wide f = xsimd::select(n == Wide(0.0), x, bits_as<double>(mantissa) - one);
    const Wide log = multiply_add(n, Wide(0.6931471805599453), f * polynomial_of_pairs(c, f));
    return xsimd::select(x == x, log, x);
  } else {
    return xsimd::log1p(x);
  }
}

}  // namespace
}  // namespace xtape::kernels
