// SPDX-License-Identifier: BSD-3-Clause
#include "ops/axes.hpp"

#include "arrays/format.hpp"
#include "arrays/slices.hpp"

namespace xtape {

Axes::Axes(std::initializer_list<int> axes) : count_(axes.size()), all_(false) {
  if (count_ > Shape::max_rank) {
    fail<ArgumentError>("Axes: an array has at most {} axes, got a list of {}", Shape::max_rank, count_);
  }
  std::size_t i = 0;
  for (const int axis : axes) axes_[i++] = axis;
}

std::array<bool, Shape::max_rank> Axes::resolve(const char* op, const Shape& shape) const {
  std::array<bool, Shape::max_rank> flags{};
  if (all_) flags.fill(true);
  for (std::size_t i = 0; i < count_; ++i) {
    bool& flag = flags[resolve_axis(op, axes_[i], shape)];
    if (flag) fail<ArgumentError>("{}: axes must be distinct, got axis {} twice", op, axes_[i]);
    flag = true;
  }
  return flags;
}

Shape reduced_shape(const Shape& shape, const std::array<bool, Shape::max_rank>& reduced, KeepDims keep) {
  Shape result;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (!reduced[axis]) {
      result.append(shape[axis]);
    } else if (keep == KeepDims::yes) {
      result.append(1);
    }
  }
  return result;
}

std::size_t reduced_elements(const Shape& shape, const std::array<bool, Shape::max_rank>& reduced) {
  std::size_t product = 1;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (reduced[axis]) product *= shape[axis];
  }
  return product;
}

}  // namespace xtape
