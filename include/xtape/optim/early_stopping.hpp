// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "xtape/arrays/named_arrays.hpp"
#include "xtape/optim/mode.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Options of EarlyStopping.
struct EarlyStoppingOptions {
  std::uint64_t patience = 10;     ///< above 0
  double minimum_improvement = 0;  ///< over the best so far; from 0
  Mode mode = Mode::min;           ///< which measurements are better
};

/// Says when training no longer gets better:
///
///     optim::EarlyStopping stopping({.patience = 5});
///     while (!stopping.should_stop()) {
///       ...                                      // an epoch
///       stopping.step(loss_on_validation_set);
///       if (stopping.is_best()) ...              // keep the weights
///     }
///
/// State: "steps" and "best_step" (uint64), "best" (float64).
class EarlyStopping {
 public:
  /// @throws ArgumentError  an option is out of range.
  explicit EarlyStopping(const EarlyStoppingOptions& options = {});

  /// One more measurement. It is an improvement if it is better than the best so far by more than
  /// minimum_improvement. A NaN is none.
  void step(double measured);

  /// Whether the last measurement was an improvement.
  bool is_best() const noexcept { return steps_ > 0 && best_step_ == steps_; }

  /// Whether the last `patience` measurements were none.
  bool should_stop() const noexcept { return steps_ - best_step_ >= options_.patience; }

  /// The best so far; infinity (mode max: -infinity) before there is one.
  double best() const noexcept { return best_; }
  /// In which step the best came, from 1; 0 before there is one.
  std::uint64_t best_step() const noexcept { return best_step_; }

  /// All that load_state() needs.
  NamedArrays state() const;

  /// @throws ArgumentError  an array is missing, unknown, of another type, or holds what cannot be.
  /// @throws ShapeError     an array has another shape. Whatever is thrown, nothing has changed.
  void load_state(const NamedArrays& state);

 private:
  EarlyStoppingOptions options_;
  double best_;
  std::uint64_t steps_ = 0;
  std::uint64_t best_step_ = 0;
};

}  // namespace xtape::optim
#pragma GCC visibility pop
