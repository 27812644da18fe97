// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "xtape/metrics/ranking.hpp"

namespace xtape::training {

// Both on axes from 0 to 100 %, with the figure that is the area under the curve.
std::string draw_roc(const metrics::RocCurve& curve, double area);
// In steps, as the average precision adds them up; `share` is that of the rows of class 1.
std::string draw_precision_recall(const metrics::PrecisionRecallCurve& curve, double average, double share);

}  // namespace xtape::training
