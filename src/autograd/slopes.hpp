// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace xtape {

// How fast an output grows with an element between two places.
struct Slope {
  long double value;
  long double noise;  // what rounding of the output can make of it
};

template <class T>
Slope slope_between(T before, T after, long double distance) {
  const long double from = before, to = after;
  const long double rounding = std::numeric_limits<T>::epsilon() * (std::abs(from) + std::abs(to)) +
                               2 * static_cast<long double>(std::numeric_limits<T>::denorm_min());
  return {(to - from) / distance, rounding / distance};
}

// The slopes of an output to both sides of an element.
struct Sides {
  long double left = 0, right = 0;
  bool differ = false;

  bool have_between(long double gradient, long double tolerance) const {
    const auto [low, high] = std::minmax(left, right);
    return differ && gradient >= low - tolerance && gradient <= high + tolerance;
  }
};

// At a kink the slopes differ by about the same for any step. For a quarter of the step they differ by a
// quarter where the function is smooth, and by four times as much where it jumps.
inline Sides sides_of(const Slope& far_left, const Slope& left, const Slope& right, const Slope& far_right) {
  const long double far_difference = std::abs(far_right.value - far_left.value);
  const long double difference = std::abs(right.value - left.value);
  // What the slopes tend to for a step of 0, up to terms in its square.
  return {left.value + (left.value - far_left.value) / 3, right.value + (right.value - far_right.value) / 3,
          difference > far_difference / 2 && difference < far_difference * 2 &&
              difference > 8 * (left.noise + right.noise)};
}

// The rounding of a function that is smooth beside it, of which seven neighbouring values are given: their
// high differences hold nothing else. (Moré and Wild, Estimating computational noise, 2011.)
inline long double noise_of(std::array<long double, 7> y) {
  for (std::size_t order = 1; order <= 5; ++order) {
    for (std::size_t i = 0; i + order < y.size(); ++i) y[i] = y[i + 1] - y[i];
  }
  constexpr long double growth_5 = 252, growth_6 = 924;  // of the variance: binomial(2 order, order)
  const long double fifth = std::max(std::abs(y[0]), std::abs(y[1])) / std::sqrt(growth_5);
  return std::max(fifth, std::abs(y[1] - y[0]) / std::sqrt(growth_6));
}

}  // namespace xtape
