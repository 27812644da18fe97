// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "xtape/arrays/named_arrays.hpp"
#include "xtape/training/history.hpp"

namespace xtape::training {

struct Column {
  std::string name;
  std::function<double(const Epoch&)> value;
  std::function<void(Epoch&, double)> set;
};

// What is measured in an epoch, in the order of the log. `history` tells of what targets.
std::vector<Column> columns_of(const History& history);

// "epochs" and "best_epoch" (uint64), and each column (epochs) (float64).
NamedArrays state_of(const History& history);
// Of targets and metrics as those of `kind`. Throws ArgumentError or ShapeError for anything else than a
// state.
History history_of(const NamedArrays& state, const History& kind);

}  // namespace xtape::training
