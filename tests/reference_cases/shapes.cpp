// SPDX-License-Identifier: BSD-3-Clause
#include "shapes.hpp"

#include <algorithm>

namespace reference {

using xtape::Shape;

std::optional<std::size_t> find_axis(const Shape& shape, int axis) {
  const int rank = static_cast<int>(shape.rank());
  if (axis < -rank || axis >= rank) return std::nullopt;
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

Shape without_axis(const Shape& shape, std::optional<std::size_t> axis) {
  Shape rest;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    if (i != axis) rest.append(shape[i]);
  }
  return rest;
}

Shape padded(const Shape& shape, std::size_t rank) {
  Shape result;
  for (std::size_t i = shape.rank(); i < rank; ++i) result.append(1);
  for (const std::size_t extent : shape) result.append(extent);
  return result;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.rank(), b.rank());
  const Shape x = padded(a, rank), y = padded(b, rank);
  Shape result;
  for (std::size_t i = 0; i < rank; ++i) {
    if (x[i] != y[i] && x[i] != 1 && y[i] != 1) return std::nullopt;
    result.append(x[i] == 1 ? y[i] : x[i]);
  }
  return result;
}

void align(Shape& a, Shape& b) {
  if (a.rank() < b.rank()) return align(b, a);
  if (a.rank() != b.rank() + 1 || a[a.rank() - 1] != 1) return;
  if (b.rank() == 1) {
    b.append(1);
  } else {
    a = without_axis(a, a.rank() - 1);
  }
}

}  // namespace reference
