// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace xtape {

// What differences tell of a derivative. Wider than double, so that no quotient overflows.
struct Derivative {
  long double value = std::numeric_limits<long double>::quiet_NaN();
  long double error = std::numeric_limits<long double>::infinity();  // of rounding and of truncation
  double step = 0;
  double scale = 0;  // that the first step was a part of
};

// Ridders' extrapolation of central differences, whose steps are quartered, to a step of 0: column k of the
// tableau removes the error terms up to step^(2k). Keeps the most certain of all estimates.
class Extrapolation {
 public:
  const Derivative& best() const { return best_; }

  // Steps become large again.
  void restart() {
    rows_ = 0;
    steepest_ = 0;
  }

  // `noise` is what rounding of the outputs can make of the slope.
  void add(long double slope, long double noise, double step, double scale) {
    if (!std::isfinite(slope)) return restart();
    steepest_ = std::max(steepest_, std::abs(slope));
    std::array<long double, columns> current{slope};
    long double power = 1;
    for (std::size_t k = 1; k <= std::min(rows_, columns - 1); ++k) {
      power *= 16;
      current[k] = (power * current[k - 1] - previous_[k - 1]) / (power - 1);
      const long double error =
          noise + std::max(std::abs(current[k] - current[k - 1]), std::abs(current[k] - previous_[k - 1]));
      consider({current[k], error, step, scale});
    }
    previous_ = current;
    ++rows_;
  }

 private:
  // Errors are measured by the steepest slope so far. Of a function that is steeper for smaller steps, the
  // derivative is large, and the error may be; one that becomes flat has none that could be relative.
  void consider(const Derivative& estimate) {
    const long double size = std::max(std::abs(estimate.value), steepest_);
    const long double part = estimate.error == 0 ? 0 : estimate.error / size;
    if (!(part < part_ || (part == part_ && estimate.error < best_.error))) return;
    part_ = part;
    best_ = estimate;
  }

  static constexpr std::size_t columns = 9;
  std::array<long double, columns> previous_{};
  std::size_t rows_ = 0;
  long double steepest_ = 0;
  long double part_ = std::numeric_limits<long double>::infinity();
  Derivative best_;
};

}  // namespace xtape
