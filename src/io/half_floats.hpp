// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bit>
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

}  // namespace xtape::io
