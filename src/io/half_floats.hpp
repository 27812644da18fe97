// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace xtape::io {

/// IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. Every value is a float; a NaN keeps its
/// bits.
inline float float_from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16, magnitude = half & 0x7fffu;
  if (magnitude < 0x0400u) {  // Zero or subnormal: so many times 2^-24.
    const float value = static_cast<float>(magnitude) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(value));
  }
  // The exponents are biased by 15 and 127; that of infinities and NaN is the largest in both.
  const std::uint32_t bias = magnitude < 0x7c00u ? 127 - 15 : 255 - 31;
  return std::bit_cast<float>(sign | ((magnitude << 13) + (bias << 23)));
}

/// bfloat16: the upper half of a float.
inline float float_from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// The number of such a format that is nearest to x, of two the even one; infinite where x is too large. Of
/// `fraction` bits behind the point, and exponents biased by `bias`.
template <int fraction, int bias>
std::uint16_t rounded_to_16_bits(double x) {
  constexpr int exponent_bits = 15 - fraction, least_exponent = 1 - bias;
  constexpr unsigned infinity = ((1u << exponent_bits) - 1) << fraction;
  const unsigned sign = std::signbit(x) ? 0x8000u : 0;
  if (std::isnan(x)) return static_cast<std::uint16_t>(sign | infinity | 1u << (fraction - 1));
  if (std::isinf(x)) return static_cast<std::uint16_t>(sign | infinity);
  const double magnitude = std::abs(x);
  // Subnormal numbers are spaced as those of the least exponent.
  const int exponent = magnitude == 0 ? least_exponent : std::max(std::ilogb(magnitude), least_exponent);
  if (exponent > bias) return static_cast<std::uint16_t>(sign | infinity);
  const double units = std::nearbyint(std::scalbn(magnitude, fraction - exponent));
  // A fraction that rounds up to 2 carries into the exponent, and from the largest into infinity.
  const unsigned before = static_cast<unsigned>(exponent - least_exponent) << fraction;
  return static_cast<std::uint16_t>(sign | (before + static_cast<unsigned>(units)));
}

/// IEEE 754 binary16.
inline std::uint16_t half_from(double x) { return rounded_to_16_bits<10, 15>(x); }

/// bfloat16.
inline std::uint16_t bfloat16_from(double x) { return rounded_to_16_bits<7, 127>(x); }

}  // namespace xtape::io
