// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "xtape/arrays/named_arrays.hpp"
#include "xtape/optim/curves.hpp"
#include "xtape/optim/learning_rates.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Changes the learning rates of an optimizer as training goes on. Call step() after every epoch, or after
/// every step of the optimizer: the numbers given to a schedule count its own steps, whatever they are.
///
///     optim::CurveSchedule schedule(optimizer, optim::cosine_decay({.steps = epochs}));
///     for (int epoch = 0; epoch < epochs; ++epoch) {
///       ...                                          // batches, optimizer.step() after each
///       schedule.step(loss_on_validation_set);       // a curve ignores it, ReduceOnPlateau needs it
///     }
///
/// An optimizer can have one schedule, which holds its address. A run is resumed by the states of both: that
/// of the optimizer first, which has learning rates too.
class Schedule {
 public:
  virtual ~Schedule() = default;

  /// @throws ArgumentError  the schedule follows a measurement.
  void step() { advance(std::nullopt); }

  /// @param measured  such as the loss on a validation set.
  void step(double measured) { advance(measured); }

  /// All that load_state() needs.
  virtual NamedArrays state() const = 0;

  /// @throws ArgumentError  an array is missing, unknown, of another type, or holds what cannot be.
  /// @throws ShapeError     an array has another shape. Whatever is thrown, nothing has changed.
  virtual void load_state(const NamedArrays& state) = 0;

 private:
  virtual void advance(std::optional<double> measured) = 0;
};

/// Follows a curve: after s steps each group has the learning rate curve(base, s), where base is the one it
/// had when the schedule was made. It is set at once for s = 0. What else sets a learning rate holds until
/// the next step of the schedule.
///
/// State: "steps" (uint64), "base_learning_rates" and "learning_rates" (one a group, float64), which are
/// those that it has set. The curve is no part of it: loading sets the learning rates to those of the curve
/// here, at the step where the state stands. So a run that followed cosine_decay({.steps = 10}) to its end
/// goes on in the middle of cosine_decay({.steps = 20}), at half the base, and never has a rate of the
/// shorter curve. A learning rate that was set by hand is that of the curve again, unless the optimizer's
/// state is loaded after this one: then all are as they were saved, until the next step.
class CurveSchedule final : public Schedule {
 public:
  /// @throws ArgumentError  the curve is an empty function, or gives a negative number, infinity or NaN;
  ///                        so do step and load_state, and change nothing.
  CurveSchedule(LearningRates& optimizer, Curve curve);

  /// How many steps it has done.
  std::uint64_t steps() const noexcept { return steps_; }

  NamedArrays state() const override;
  void load_state(const NamedArrays& state) override;

 private:
  void advance(std::optional<double> measured) override;
  void go_to(std::uint64_t steps, const std::vector<double>& bases);

  LearningRates& optimizer_;
  Curve curve_;
  std::vector<double> bases_;
  std::vector<double> rates_;       // that it has set
  std::vector<double> next_rates_;  // memory for those of a step
  std::uint64_t steps_ = 0;
};

}  // namespace xtape::optim
#pragma GCC visibility pop
