// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "xtape/optim/mode.hpp"
#include "xtape/optim/schedule.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Options of ReduceOnPlateau.
struct ReduceOnPlateauOptions {
  Mode mode = Mode::min;              ///< which measurements are better
  double factor = 0.1;                ///< in (0, 1)
  std::uint64_t patience = 10;        ///< so many steps without improvement are let pass
  double threshold = 1e-4;            ///< how much better than the best so far is an improvement; from 0
  bool threshold_is_relative = true;  ///< to the magnitude of the best so far
  std::uint64_t cooldown = 0;         ///< after a reduction so many steps do not count as without improvement
  double minimum = 0;                 ///< no learning rate is reduced below it; from 0
  double smallest_change = 1e-8;      ///< reductions by no more than this are left out; from 0
};

/// Multiplies the learning rates by a factor when more than `patience` steps in a row brought no improvement,
/// as PyTorch's ReduceLROnPlateau. A NaN is no improvement. The learning rates themselves are part of the
/// optimizer's state: what was reduced, or set by hand, goes on from there, in a run that is lengthened too.
/// Loading changes no learning rate, and leaves the options as they are here.
///
/// State: "best" (float64), "steps_without_improvement" and "cooldown_left" (uint64).
class ReduceOnPlateau final : public Schedule {
 public:
  /// @throws ArgumentError  an option is out of range.
  explicit ReduceOnPlateau(LearningRates& optimizer, const ReduceOnPlateauOptions& options = {});

  /// The best measurement so far; infinity (mode max: -infinity) before there is one.
  double best() const noexcept { return best_; }

  NamedArrays state() const override;
  void load_state(const NamedArrays& state) override;

 private:
  void advance(std::optional<double> measured) override;
  void reduce();

  LearningRates& optimizer_;
  ReduceOnPlateauOptions options_;
  double best_;
  std::uint64_t steps_without_improvement_ = 0;
  std::uint64_t cooldown_left_ = 0;
};

}  // namespace xtape::optim
#pragma GCC visibility pop
