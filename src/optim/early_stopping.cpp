// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/early_stopping.hpp"

#include <array>
#include <cmath>
#include <string_view>

#include "arrays/format.hpp"
#include "optim/improvement.hpp"
#include "optim/option_checks.hpp"

namespace xtape::optim {

EarlyStopping::EarlyStopping(const EarlyStoppingOptions& options)
    : options_(options), best_(worst(options.mode)) {
  if (options.patience == 0) fail<ArgumentError>("EarlyStopping: patience must be above 0, got 0");
  require_from_0("EarlyStopping", "minimum_improvement", options.minimum_improvement);
}

void EarlyStopping::step(double measured) {
  ++steps_;
  if (!is_improvement(options_.mode, measured, best_, options_.minimum_improvement)) return;
  best_ = measured;
  best_step_ = steps_;
}

NamedArrays EarlyStopping::state() const {
  NamedArrays state;
  state.add_scalar("steps", steps_);
  state.add_scalar("best_step", best_step_);
  state.add_scalar("best", best_);
  return state;
}

void EarlyStopping::load_state(const NamedArrays& state) {
  constexpr const char* function = "EarlyStopping::load_state";
  const auto steps = state.get_scalar<std::uint64_t>(function, "steps");
  const auto best_step = state.get_scalar<std::uint64_t>(function, "best_step");
  const auto best = state.get_scalar<double>(function, "best");
  state.require_only(function, std::array<std::string_view, 3>{"steps", "best_step", "best"});
  if (best_step > steps) {
    fail<ArgumentError>("{}: best_step must be at most steps, {}, got {}", function, steps, best_step);
  }
  if (std::isnan(best)) fail<ArgumentError>("{}: best must be a number, got nan", function);
  steps_ = steps;
  best_step_ = best_step;
  best_ = best;
}

}  // namespace xtape::optim
