// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// The coefficients of q in e^r = 1 + r + r^2 q(r) for |r| <= log(2)/2, lowest first: minimax in the relative
// error of e^r (Remez exchange), which is in
//   Exponential<float>   2^-28.2
//   Exponential<Single>  2^-39.6, for floats that are computed in doubles
//   Exponential<double>  2^-64
struct Single {};
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
  static constexpr double q[] = {0.500000000043009,     0.1666666678513135,    0.04166666439189421,
                                 0.008333281605906922,  0.0013889198331135607, 0.0001990907215608033,
                                 2.4708109341853268e-05};
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

// c[0] + c[1] x + c[2] x^2 + ...
template <std::size_t count, class B>
B polynomial(const Value<B> (&c)[count], B x) {
  B sum(c[count - 1]);
  for (std::size_t i = count - 1; i-- > 0;) sum = multiply_add(sum, x, B(c[i]));
  return sum;
}

// The integer nearest to x / log(2), plus `to_integer`, which leaves it in the lowest bits.
template <class B>
B shifted_exponent(B x, B to_integer) {
  return multiply_add(x, B(static_cast<Value<B>>(1.4426950408889634)), to_integer);
}

// x - n log(2), for |n| < 2^11
template <class B>
B reduced(B x, B n) {
  using Constants = Exponential<Value<B>>;
  return multiply_add(n, B(-Constants::log2_low), multiply_add(n, B(-Constants::log2_high), x));
}

// e^r for |r| <= log(2)/2
template <class Precision, class B>
B exponential_near_0(B r) {
  const B one(Value<B>{1});
  return multiply_add(multiply_add(polynomial(Exponential<Precision>::q, r), r, one), r, one);
}

// 2^(n + bias) from the sum of n, the bias and `to_integer`; its biased exponent must be that of a normal
// number.
template <class T>
Batch<T> power_of_two(Batch<T> shifted) {
  return from_bits<T>(bits<T>(shifted) << (std::numeric_limits<T>::digits - 1));
}

// e^(x + low), 0 or infinite where it is too small or too large for the result's type; `low` is tiny beside
// x. That of Single, which is e^(+-700) there, becomes 0 or infinite when it is rounded to float.
template <class Precision>
Wide exponential(Wide x, Wide low = Wide(0.0)) {
  constexpr bool single = std::is_same_v<Precision, Single>;
  const Wide least(single ? -700.0 : -750.0), most(single ? 700.0 : 750.0);
  const Wide bounded = xsimd::select(x < least, least, xsimd::select(x > most, most, x));
  const Wide to_integer(Exponential<double>::to_integer), biased = to_integer + Wide(1023.0);
  if constexpr (single) {
    const Wide shifted = shifted_exponent(bounded, biased);
    return exponential_near_0<Single>(reduced(bounded, shifted - biased)) * power_of_two<double>(shifted);
  } else {
    // In two steps, each by a normal number.
    const Wide n = shifted_exponent(bounded, to_integer) - to_integer;
    const Wide half = multiply_add(n, Wide(0.5), biased), other = (n - (half - biased)) + biased;
    return exponential_near_0<double>(reduced(bounded, n) + low) * power_of_two<double>(half) *
           power_of_two<double>(other);
  }
}

// e^(x - max) for x <= max. The difference of two floats is exact enough in double; that of two doubles is
// rounded where their magnitudes differ, and its error (Knuth's two-sum) goes into the exponential.
template <class Precision>
Wide exponential_of_difference(Wide x, Wide max) {
  const Wide d = x - max;
  if constexpr (std::is_same_v<Precision, Single>) return exponential<Precision>(d);
  const Wide back = d - x, low = (x - (d - back)) - (max + back);
  return exponential<Precision>(d, xsimd::select(d < Wide(-750.0), Wide(0.0), low));
}

// log(1 + x) for x in [0, 1]
template <class Precision>
Wide log1p_of_fraction(Wide x) {
  if constexpr (std::is_same_v<Precision, Single>) {
    // Of log1p(x) / x: minimax in the relative error, 2^-35.6.
    static constexpr double c[] = {0.9999999999811677,   -0.49999999345790047, 0.3333329543613067,
                                   -0.24999130378929174, 0.19989519155169674,  -0.16590363719209136,
                                   0.139214726588276,    -0.11297327548116727, 0.08255396636740989,
                                   -0.04954311580844718, 0.02191232832707096,  -0.0061637670311708494,
                                   0.0008131061561397344};
    return x * polynomial(c, x);
  } else {
    return xsimd::log1p(x);
  }
}

}  // namespace
}  // namespace xtape::kernels
