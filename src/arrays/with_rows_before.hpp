// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/arrays/shape.hpp"

namespace xtape {

// (rows, ...) of rows of a shape.
inline Shape with_rows_before(const Shape& row, std::size_t rows) {
  Shape shape{rows};
  for (const std::size_t extent : row) shape.append(extent);
  return shape;
}

}  // namespace xtape
