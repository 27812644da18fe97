// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <limits>

#include "xtape/optim/mode.hpp"

namespace xtape::optim {

// Worse than all that can be measured.
inline double worst(Mode mode) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return mode == Mode::min ? infinity : -infinity;
}

// Whether `measured` is better than `best` by more than `margin`. A NaN is not.
inline bool is_improvement(Mode mode, double measured, double best, double margin) {
  return mode == Mode::min ? measured < best - margin : measured > best + margin;
}

}  // namespace xtape::optim
