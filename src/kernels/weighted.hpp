// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace xtape::kernels {

// weight * x. A weight of 0 takes away whatever x is, also an infinity.
inline double weighted(double weight, double x) { return weight == 0 ? 0 : weight * x; }

}  // namespace xtape::kernels
