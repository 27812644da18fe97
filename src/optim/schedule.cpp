// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/schedule.hpp"

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "arrays/format.hpp"
#include "optim/option_checks.hpp"

namespace xtape::optim {

CurveSchedule::CurveSchedule(LearningRates& optimizer, Curve curve)
    : optimizer_(optimizer),
      curve_(std::move(curve)),
      bases_(optimizer.learning_rates()),
      rates_(bases_.size()),
      next_rates_(bases_.size()) {
  if (!curve_) fail<ArgumentError>("CurveSchedule: curve must be a function, got an empty one");
  go_to(0, bases_);
}

void CurveSchedule::advance(std::optional<double>) { go_to(steps_ + 1, bases_); }

void CurveSchedule::go_to(std::uint64_t steps, const std::vector<double>& bases) {
  for (std::size_t group = 0; group < bases.size(); ++group) {
    next_rates_[group] = curve_(bases[group], steps);
    if (next_rates_[group] >= 0 && std::isfinite(next_rates_[group])) continue;
    fail<ArgumentError>(
        "CurveSchedule: curve must give finite numbers from 0, got {} for base {} and step {}",
        next_rates_[group], bases[group], steps);
  }
  optimizer_.set_learning_rates(next_rates_);
  rates_.swap(next_rates_);
  steps_ = steps;
}

NamedArrays CurveSchedule::state() const {
  NamedArrays state;
  state.add_scalar("steps", steps_);
  state.add("base_learning_rates", ArrayView<const double>(bases_));
  state.add("learning_rates", ArrayView<const double>(rates_));
  return state;
}

void CurveSchedule::load_state(const NamedArrays& state) {
  constexpr const char* function = "CurveSchedule::load_state";
  const auto steps = state.get_scalar<std::uint64_t>(function, "steps");
  const auto loaded = state.get<double>(function, "base_learning_rates", {bases_.size()});
  state.require_only(function,
                     std::array<std::string_view, 3>{"steps", "base_learning_rates", "learning_rates"});
  std::vector<double> bases(loaded.begin(), loaded.end());
  for (const double base : bases) require_from_0(function, "base_learning_rates", base);
  go_to(steps, bases);
  bases_ = std::move(bases);
}

}  // namespace xtape::optim
