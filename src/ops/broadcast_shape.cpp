// SPDX-License-Identifier: BSD-3-Clause
#include "ops/broadcast_shape.hpp"

#include <algorithm>

#include "arrays/format.hpp"

namespace xtape {

Shape broadcast_shape(const char* op, const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.rank(), b.rank());
  Shape result;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const auto extent_in = [&](const Shape& shape) {
      const std::size_t lacking = rank - shape.rank();
      return axis < lacking ? std::size_t{1} : shape[axis - lacking];
    };
    const std::size_t left = extent_in(a), right = extent_in(b);
    if (left != right && left != 1 && right != 1) {
      fail<ShapeError>(
          "{}: shapes must broadcast (aligned at the last axis, extents equal or 1), got {} and {}", op, a,
          b);
    }
    result.append(left == 1 ? right : left);
  }
  return result;
}

}  // namespace xtape
