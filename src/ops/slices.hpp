// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "ops/axes.hpp"

namespace xtape {

// An axis of a dense array as slices: slice s of `count` begins at start(s), its elements `step` apart.
struct Slices {
  std::size_t count;
  std::size_t length;
  std::size_t step;

  std::size_t start(std::size_t s) const { return s / step * length * step + s % step; }
};

inline Slices slices_along(const char* op, const Shape& shape, int axis) {
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
