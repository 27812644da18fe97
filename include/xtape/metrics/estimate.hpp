// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// A figure computed from a sample, and how far another sample of that size would move it. Converts to the
/// figure, so that it can be used as a number.
///
///     const metrics::Estimate accuracy = metrics::accuracy(predicted, labels);
///     fmt::print("{:.3f} +- {:.3f}\n", accuracy.value, accuracy.standard_error);
///     if (accuracy > best) best = accuracy;
struct Estimate {
  double value = 0;           ///< NaN where there is nothing to average
  double standard_error = 0;  ///< in units of the value; NaN where there are too few samples to tell, or
                              ///< infinite ones. Of a mean: sample standard deviation / sqrt(count).
  std::size_t count = 0;      ///< of samples

  /// The value.
  constexpr operator double() const noexcept { return value; }
};

}  // namespace xtape::metrics
#pragma GCC visibility pop
