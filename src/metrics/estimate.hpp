// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

#include "kernels/sum.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/metrics/estimate.hpp"

namespace xtape::metrics {

inline Estimate estimate_mean(ArrayView<const double> values) {
  const auto count = static_cast<double>(values.size());
  kernels::Sum<double> sum, squares;
  for (const double value : values) sum.add(value);
  const double mean = sum.value() / count;
  for (const double value : values) squares.add((value - mean) * (value - mean));
  const double variance = squares.value() / (count - 1);
  return {mean, std::sqrt(variance / count), values.size()};
}

// The mean of `ones` ones and otherwise zeros.
inline Estimate estimate_fraction(std::size_t ones, std::size_t count) {
  const auto n = static_cast<double>(count);
  const double mean = static_cast<double>(ones) / n, rest = static_cast<double>(count - ones) / n;
  return {mean, std::sqrt(mean * rest / (n - 1)), count};
}

}  // namespace xtape::metrics
