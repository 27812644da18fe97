// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace xtape::training {

// Beyond it, differences would overflow.
constexpr double largest_drawn = 1e300;
inline bool is_drawn(double value) { return value >= -largest_drawn && value <= largest_drawn; }

struct Tick {
  double value;
  std::string label;
};

// One direction of a chart: an interval of numbers that is_drawn() takes, with round ones marked.
class Axis {
 public:
  // From a round number to a round number, around all values; linear, or logarithmic if they are positive and
  // the largest is at least `logarithmic_from` times the smallest. Values that are not drawn do not count.
  static Axis around(const std::vector<double>& values, double logarithmic_from);
  static Axis linear(double low, double high);
  // From the first to the last, with whole numbers marked.
  static Axis of_epochs(double first, double last);

  // 0 at the low end, 1 at the high end.
  double place(double value) const;
  const std::vector<Tick>& ticks() const noexcept { return ticks_; }
  bool is_logarithmic() const noexcept { return is_logarithmic_; }

 private:
  static Axis logarithmic(double low, double high);

  double low_ = 0, high_ = 1;
  bool is_logarithmic_ = false;
  std::vector<Tick> ticks_;
};

}  // namespace xtape::training
