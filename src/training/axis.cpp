// SPDX-License-Identifier: BSD-3-Clause
#include "training/axis.hpp"

#include <algorithm>
#include <cmath>

#include "training/markup.hpp"

namespace xtape::training {
namespace {

constexpr double steps_wanted = 5;
// Forgives a quotient that ought to be whole its rounding.
constexpr double slack = 1e-9;

// The least of 1, 2, 5, 10, 20, 50, ... and their fractions that is not below `least`.
double round_step(double least) {
  const double decade = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * decade >= least * (1 - slack)) return factor * decade;
  }
  return 10 * decade;
}

std::string tick_label(double value, double step, double largest) {
  if (largest < 1e5 && step >= 1e-4) {
    const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + slack)));
    return fmt::format("{:.{}f}", value, decimals);
  }
  const double digits = std::ceil(std::log10(largest / step)) + 1;
  return with_short_exponent(fmt::format("{:.{}g}", value, static_cast<int>(std::clamp(digits, 1.0, 15.0))));
}

}  // namespace

Axis Axis::around(const std::vector<double>& values, double logarithmic_from) {
  double low = largest_drawn, high = -largest_drawn;
  for (const double value : values) {
    if (!is_drawn(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (low > high) return linear(0, 1);
  if (low > 0 && high / low >= logarithmic_from) return logarithmic(low, high);
  // A curve that falls towards zero shows how near it has come.
  if (low > 0 && low < high / 2) low = 0;
  return linear(low, high);
}

Axis Axis::linear(double low, double high) {
  const double size = std::max(std::abs(low), std::abs(high));
  if (size < 1e-290) return linear(0, 1);
  // Not beyond the high end, which may be 100 %.
  if (high - low < 1e-9 * size) return linear(high - 0.1 * size, high);

  Axis axis;
  const double step = round_step((high - low) / steps_wanted);
  const double first = std::floor(low / step + slack), last = std::ceil(high / step - slack);
  axis.low_ = first * step;
  axis.high_ = last * step;
  for (double i = first; i <= last; ++i) {
    axis.ticks_.push_back({i * step, tick_label(i * step, step, std::max(-axis.low_, axis.high_))});
  }
  return axis;
}

Axis Axis::logarithmic(double low, double high) {
  Axis axis;
  axis.is_logarithmic_ = true;
  const double first = std::floor(std::log10(low) + slack), last = std::ceil(std::log10(high) - slack);
  const bool is_fine = high / low <= 1000;
  const double step = is_fine ? 1 : std::max(1.0, round_step((last - first) / (steps_wanted + 2)));
  for (double exponent = first; exponent < last + step; exponent += step) {
    for (const int factor : {1, 2, 5}) {
      if (factor > 1 && !is_fine) break;
      const double value = factor * std::pow(10, exponent);
      if (value <= low * (1 + slack)) axis.ticks_.clear();
      const bool is_short = exponent >= -4 && exponent <= 4;
      axis.ticks_.push_back(
          {value, is_short ? fmt::format("{:g}", value) : fmt::format("{}e{}", factor, exponent)});
      if (value >= high * (1 - slack)) {
        axis.low_ = std::log10(axis.ticks_.front().value);
        axis.high_ = std::log10(value);
        return axis;
      }
    }
  }
  return axis;
}

Axis Axis::of_epochs(double first, double last) {
  Axis axis;
  axis.low_ = first;
  axis.high_ = last;
  const double step = last > first ? std::max(1.0, round_step((last - first) / (steps_wanted + 3))) : 1;
  for (double epoch = std::ceil(first / step) * step; epoch <= last; epoch += step) {
    axis.ticks_.push_back({epoch, fmt::format("{:.0f}", epoch)});
  }
  return axis;
}

double Axis::place(double value) const {
  if (high_ <= low_) return 0.5;
  return ((is_logarithmic_ ? std::log10(value) : value) - low_) / (high_ - low_);
}

}  // namespace xtape::training
