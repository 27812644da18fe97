// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// A learning rate by the one a group of parameters began with and the number of steps done: what a
/// CurveSchedule follows. Any function will do:
///
///     optim::CurveSchedule schedule(optimizer, [](double base, std::uint64_t step) {
///       return base / std::sqrt(1.0 + static_cast<double>(step));
///     });
///
/// In the formulas below b is the base and t the number of steps done. Options of which the text says "above
/// 0", of 0 by default, must be given. All throw an ArgumentError for an option out of range.
using Curve = std::function<double(double base, std::uint64_t step)>;

/// Options of step_decay.
struct StepDecayOptions {
  std::uint64_t every = 0;  ///< above 0
  double factor = 0.1;      ///< above 0
};

/// Multiplies the learning rate by a factor every so many steps:
///
/// @f[ b \cdot factor^{\lfloor t / every \rfloor} @f]
Curve step_decay(const StepDecayOptions& options);

/// Options of multi_step_decay.
struct MultiStepDecayOptions {
  std::vector<std::uint64_t> milestones;  ///< each larger than the one before
  double factor = 0.1;                    ///< above 0
};

/// Multiplies it by a factor at each milestone: @f$ b \cdot factor^k @f$, where k milestones are at most t.
Curve multi_step_decay(const MultiStepDecayOptions& options);

/// Multiplies it by a factor in every step: @f$ b \cdot factor^t @f$
/// @param factor  above 0
Curve exponential_decay(double factor);

/// Options of linear_decay and cosine_decay.
struct DecayOptions {
  std::uint64_t steps = 0;  ///< above 0
  double minimum = 0;       ///< a learning rate from 0, the same for all groups
};

/// A straight line down to the minimum, where it stays from t = steps on:
///
/// @f[ minimum + (b - minimum) (1 - t / steps) @f]
Curve linear_decay(const DecayOptions& options);

/// Half a cosine down to the minimum, where it stays from t = steps on:
///
/// @f[ minimum + (b - minimum) (1 + \cos(\pi t / steps)) / 2 @f]
///
/// (PyTorch's CosineAnnealingLR rises again from there.)
///
/// Source: Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts (2017), equation 5.
Curve cosine_decay(const DecayOptions& options);

/// Options of one_cycle.
struct OneCycleOptions {
  std::uint64_t steps = 0;     ///< of the whole training; above 0
  double rise = 0.3;           ///< the part of them, in [0, 1], in which the learning rate rises
  double start_divisor = 25;   ///< above 0
  double final_divisor = 1e4;  ///< above 0
};

/// Half a cosine from b / start_divisor up to b, at t = rise steps - 1, and half a cosine down to
/// b / start_divisor / final_divisor, at t = steps - 1, where it stays. The learning rate of a group is thus
/// its largest, as max_lr of PyTorch's OneCycleLR. The momentum does not change.
///
/// Source: Smith and Topin, Super-convergence: very fast training of neural networks using large learning
/// rates (2018).
Curve one_cycle(const OneCycleOptions& options);

/// Options of warm_up.
struct WarmUpOptions {
  std::uint64_t steps = 0;  ///< above 0
  double start = 1.0 / 3;   ///< the part of b, from 0, that the first step has
};

/// A straight line up to b for t < steps:
///
/// @f[ b (start + (1 - start) t / steps) @f]
///
/// and then(b, t - steps) from there on; b if there is no `then`.
///
///     optim::warm_up({.steps = 500}, optim::cosine_decay({.steps = 9500}))
Curve warm_up(const WarmUpOptions& options, Curve then = {});

}  // namespace xtape::optim
#pragma GCC visibility pop
