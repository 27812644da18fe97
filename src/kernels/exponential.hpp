// SPDX-License-Identifier: BSD-3-Clause
// e^x beyond what a double holds, for what would otherwise lose digits of it.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/rounded.hpp"

namespace xtape::kernels {

// Both are as precise as a double where the result is hardly in its range.

// To 2^-80: e^x = 2^n e^r, and e^r = 1 + r (1 + r/2 (1 + r/3 (...))), of which the first terms are computed
// with what rounding takes from them.
inline Rounded slow_exponential(double x) {
  if (!(std::abs(x) < 700)) return {std::exp(x)};
  constexpr double log2_high = 0x1.62e42fefa38p-1, log2_low = 0x1.ef35793c7673p-45;
  const double n = std::nearbyint(x * 1.4426950408889634);
  const double above = x - n * log2_high, r = above - n * log2_low;
  const double rest = ((above - r) - n * log2_low) - std::fma(n, log2_low, -(n * log2_low));

  constexpr int exact_terms = 9, terms = 20;
  double sum = 1, low = 0;
  for (int k = terms; k > exact_terms; --k) sum = 1 + r / k * sum;
  for (int k = exact_terms; k > 0; --k) {
    const double product = r * sum, lost = std::fma(r, sum, -product) + (r * low + rest * sum);
    const double term = product / k, rest_of_term = (std::fma(-term, k, product) + lost) / k;
    sum = 1 + term;
    low = ((1 - sum) + term) + rest_of_term;
  }
  return {std::ldexp(sum, static_cast<int>(n)), low / sum};
}

// To 2^-59: e^x = 2^n 2^(i/64) e^r, |r| < log(2)/127.
inline Rounded exponential(double x) {
  constexpr double step_high = 0x1.62e42fefap-7, step_low = 0x1.cf79abc9e3b3ap-46;  // log(2)/64
  static const std::array<Rounded, 64> powers = [] {
    std::array<Rounded, 64> table;
    for (std::size_t i = 0; i < table.size(); ++i) {
      const double steps = static_cast<double>(i);
      const Rounded power = slow_exponential(steps * step_high);
      const double rest = power.value * (power.low + steps * step_low);
      table[i] = Rounded::sum(power.value, rest);
    }
    return table;
  }();
  if (!(std::abs(x) < 700)) return {std::exp(x)};

  const double steps = std::nearbyint(x * 0x1.71547652b82fep+6);
  const double r = (x - steps * step_high) - steps * step_low;
  const double growth =
      r + r * r * (0.5 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 + r / 720))));  // e^r - 1
  const auto count = static_cast<std::int64_t>(steps);
  const Rounded& power = powers[static_cast<std::size_t>(count & 63)];
  const double rest = power.value * (growth + power.low), sum = power.value + rest;
  const double scale = std::bit_cast<double>((1023 + (count >> 6)) << 52);
  return {sum * scale, ((power.value - sum) + rest) / sum};
}

}  // namespace xtape::kernels
