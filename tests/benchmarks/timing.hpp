// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace benchmarks {

/// What takes turns with others.
struct Side {
  std::function<void()> prepare;  ///< untimed, before each turn
  std::function<void()> run;
};

/// The sides take turns of many runs for this long.
/// @return  the seconds of a run in each side's best turn.
std::vector<double> best_times(const std::vector<Side>& sides, double seconds);

/// The seconds in which memcpy copies an array, each thread a part of it; the best of several.
double copy_time(std::size_t bytes, std::size_t threads);

}  // namespace benchmarks
