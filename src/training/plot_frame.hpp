// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace xtape::training {

// Where plots lie in their pictures, in pixels.
inline constexpr double plot_width = 560, plot_left = 56, plot_right = plot_width - 16, plot_top = 34;

}  // namespace xtape::training
