// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/arrays/shape.hpp"

namespace xtape {

// axis or rank + axis, in [0, rank).
std::size_t resolve_axis(const char* op, int axis, const Shape& shape, const char* array = "the array");

// An axis of a dense array as slices: slice s of `count` begins at start(s), its elements `step` apart.
struct Slices {
  std::size_t count;
  std::size_t length;
  std::size_t step;

  std::size_t start(std::size_t s) const {
    return step == 1 ? s * length : s / step * length * step + s % step;
  }
};

// There are no slices of no elements.
Slices slices_along(const char* op, const Shape& shape, int axis);

}  // namespace xtape
