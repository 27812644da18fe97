// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "arrays/format.hpp"

namespace xtape::metrics {

inline void require_same_shape(const char* function, const char* argument, const Shape& shape,
                               const char* other, const Shape& wanted) {
  if (shape == wanted) return;
  fail<ShapeError>("{}: {} must have the shape of {} {}, got {}", function, argument, other, wanted, shape);
}

}  // namespace xtape::metrics
