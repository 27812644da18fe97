// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/reduce_on_plateau.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "arrays/format.hpp"
#include "optim/improvement.hpp"
#include "optim/option_checks.hpp"

namespace xtape::optim {

ReduceOnPlateau::ReduceOnPlateau(LearningRates& optimizer, const ReduceOnPlateauOptions& options)
    : optimizer_(optimizer), options_(options), best_(worst(options.mode)) {
  if (!(options.factor > 0 && options.factor < 1)) {
    fail<ArgumentError>("ReduceOnPlateau: factor must be in (0, 1), got {}", options.factor);
  }
  require_from_0("ReduceOnPlateau", "threshold", options.threshold);
  require_from_0("ReduceOnPlateau", "minimum", options.minimum);
  require_from_0("ReduceOnPlateau", "smallest_change", options.smallest_change);
}

void ReduceOnPlateau::advance(std::optional<double> measured) {
  if (!measured) {
    fail<ArgumentError>("ReduceOnPlateau::step: there must be a measurement, got none; call step(loss)");
  }
  const bool is_relative = options_.threshold_is_relative && std::isfinite(best_);
  const double margin = options_.threshold * (is_relative ? std::abs(best_) : 1);
  if (is_improvement(options_.mode, *measured, best_, margin)) {
    best_ = *measured;
    steps_without_improvement_ = 0;
  } else {
    ++steps_without_improvement_;
  }
  if (cooldown_left_ > 0) {
    --cooldown_left_;
    steps_without_improvement_ = 0;
  }
  if (steps_without_improvement_ > options_.patience) {
    reduce();
    cooldown_left_ = options_.cooldown;
    steps_without_improvement_ = 0;
  }
}

void ReduceOnPlateau::reduce() {
  for (std::size_t group = 0; group < optimizer_.group_count(); ++group) {
    const double rate = optimizer_.learning_rate(group);
    const double reduced = std::max(rate * options_.factor, options_.minimum);
    if (rate - reduced > options_.smallest_change) optimizer_.set_learning_rate(reduced, group);
  }
}

NamedArrays ReduceOnPlateau::state() const {
  NamedArrays state;
  state.add_scalar("best", best_);
  state.add_scalar("steps_without_improvement", steps_without_improvement_);
  state.add_scalar("cooldown_left", cooldown_left_);
  return state;
}

void ReduceOnPlateau::load_state(const NamedArrays& state) {
  constexpr const char* function = "ReduceOnPlateau::load_state";
  const auto best = state.get_scalar<double>(function, "best");
  const auto without_improvement = state.get_scalar<std::uint64_t>(function, "steps_without_improvement");
  const auto cooldown_left = state.get_scalar<std::uint64_t>(function, "cooldown_left");
  state.require_only(function,
                     std::array<std::string_view, 3>{"best", "steps_without_improvement", "cooldown_left"});
  if (std::isnan(best)) fail<ArgumentError>("{}: best must be a number, got nan", function);
  best_ = best;
  steps_without_improvement_ = without_improvement;
  cooldown_left_ = cooldown_left;
}

}  // namespace xtape::optim
