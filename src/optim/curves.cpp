// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/curves.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numbers>
#include <utility>

#include "arrays/format.hpp"
#include "optim/option_checks.hpp"

namespace xtape::optim {
namespace {

void require_some(const char* function, const char* option, std::uint64_t value) {
  if (value == 0) fail<ArgumentError>("{}: {} must be above 0, got 0", function, option);
}

// From `start` to `end` as `part` goes from 0 to 1.
double along_cosine(double start, double end, double part) {
  return std::lerp(start, end, (1 - std::cos(std::numbers::pi * part)) / 2);
}

}  // namespace

Curve step_decay(const StepDecayOptions& options) {
  require_some("step_decay", "every", options.every);
  require_above_0("step_decay", "factor", options.factor);
  return [options](double base, std::uint64_t step) {
    return base * std::pow(options.factor, static_cast<double>(step / options.every));
  };
}

Curve multi_step_decay(const MultiStepDecayOptions& options) {
  require_above_0("multi_step_decay", "factor", options.factor);
  const auto& milestones = options.milestones;
  const auto misplaced = std::adjacent_find(milestones.begin(), milestones.end(), std::greater_equal<>());
  if (misplaced != milestones.end()) {
    fail<ArgumentError>("multi_step_decay: milestones must be in ascending order, got {} before {}",
                        *misplaced, *std::next(misplaced));
  }
  return [options](double base, std::uint64_t step) {
    const auto& milestones = options.milestones;
    const auto next = std::upper_bound(milestones.begin(), milestones.end(), step);
    return base * std::pow(options.factor, static_cast<double>(next - milestones.begin()));
  };
}

Curve exponential_decay(double factor) {
  require_above_0("exponential_decay", "factor", factor);
  return [factor](double base, std::uint64_t step) {
    return base * std::pow(factor, static_cast<double>(step));
  };
}

Curve linear_decay(const DecayOptions& options) {
  require_some("linear_decay", "steps", options.steps);
  require_from_0("linear_decay", "minimum", options.minimum);
  return [options](double base, std::uint64_t step) {
    if (step >= options.steps) return options.minimum;
    return std::lerp(base, options.minimum, static_cast<double>(step) / static_cast<double>(options.steps));
  };
}

Curve cosine_decay(const DecayOptions& options) {
  require_some("cosine_decay", "steps", options.steps);
  require_from_0("cosine_decay", "minimum", options.minimum);
  return [options](double base, std::uint64_t step) {
    if (step >= options.steps) return options.minimum;
    return along_cosine(base, options.minimum,
                        static_cast<double>(step) / static_cast<double>(options.steps));
  };
}

Curve one_cycle(const OneCycleOptions& options) {
  require_some("one_cycle", "steps", options.steps);
  if (!(options.rise >= 0 && options.rise <= 1)) {
    fail<ArgumentError>("one_cycle: rise must be in [0, 1], got {}", options.rise);
  }
  require_above_0("one_cycle", "start_divisor", options.start_divisor);
  require_above_0("one_cycle", "final_divisor", options.final_divisor);
  return [options](double base, std::uint64_t step) {
    const double start = base / options.start_divisor, end = start / options.final_divisor;
    const auto last = static_cast<double>(options.steps - 1);
    const double peak = options.rise * static_cast<double>(options.steps) - 1;
    const double t = std::min(static_cast<double>(step), last);
    if (t < peak) return along_cosine(start, base, t / peak);
    return peak < last ? along_cosine(base, end, (t - peak) / (last - peak)) : base;
  };
}

Curve warm_up(const WarmUpOptions& options, Curve then) {
  require_some("warm_up", "steps", options.steps);
  require_from_0("warm_up", "start", options.start);
  return [options, then = std::move(then)](double base, std::uint64_t step) {
    if (step >= options.steps) return then ? then(base, step - options.steps) : base;
    const double part = static_cast<double>(step) / static_cast<double>(options.steps);
    return base * std::lerp(options.start, 1.0, part);
  };
}

}  // namespace xtape::optim
