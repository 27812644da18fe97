// SPDX-License-Identifier: BSD-3-Clause
#include "arrays/slices.hpp"

#include "arrays/format.hpp"

namespace xtape {

std::size_t resolve_axis(const char* op, int axis, const Shape& shape, const char* array) {
  const int rank = static_cast<int>(shape.rank());
  if (rank == 0) {
    fail<ArgumentError>("{}: {} must have an axis {}, got a scalar, which has none", op, array, axis);
  }
  if (axis < -rank || axis >= rank) {
    fail<ArgumentError>("{}: axis must be in [{}, {}) for shape {}, got {}", op, -rank, rank, shape, axis);
  }
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

Slices slices_along(const char* op, const Shape& shape, int axis) {
  const std::size_t along = resolve_axis(op, axis, shape);
  Slices slices{1, shape[along], 1};
  for (std::size_t a = 0; a < shape.rank(); ++a) {
    if (a != along) slices.count *= shape[a];
    if (a > along) slices.step *= shape[a];
  }
  if (slices.length == 0) slices.count = 0;
  return slices;
}

}  // namespace xtape
