// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace xtape::losses {

/// What becomes of the losses of the samples. They are summed in double and rounded once.
enum class Reduction {
  none,  ///< they are returned as they are
  sum,   ///< their sum; 0 for no samples
  mean,  ///< their sum divided by their number; NaN for no samples
};

}  // namespace xtape::losses
