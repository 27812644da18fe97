// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "training/report_page.hpp"
#include "xtape/training/history.hpp"

namespace xtape::training {

// The curves of the loss, of the accuracy unless `kind` or the history is of numbers, and of the metrics.
std::vector<Section> curve_sections(const History& history, TargetKind kind);

// Of the learning rate, where it changes.
std::vector<Section> learning_rate_sections(const History& history);

// Which epoch was the best, and how long it all took.
void add_course(KeyFigures& figures, const History& history);

}  // namespace xtape::training
