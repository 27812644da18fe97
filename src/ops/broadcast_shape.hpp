// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/shape.hpp"

namespace xtape {

// The shape to which a and b broadcast, as in numpy: axes are aligned at the last, and an axis of extent
// 1, or one that is lacking, is repeated.
Shape broadcast_shape(const char* op, const Shape& a, const Shape& b);

}  // namespace xtape
