// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "xtape/metrics/calibration.hpp"

namespace xtape::training {

// The accuracy of each bin against its confidence, over a histogram of the confidences.
std::string draw_reliability(const metrics::ReliabilityTable& table);

}  // namespace xtape::training
