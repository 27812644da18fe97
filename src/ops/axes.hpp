// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/ops/axes.hpp"

namespace xtape {

// The shape that is left when the axes are reduced.
Shape reduced_shape(const Shape& shape, const std::array<bool, Shape::max_rank>& reduced, KeepDims keep);

// How many elements of `shape` go into one element of the result.
std::size_t reduced_elements(const Shape& shape, const std::array<bool, Shape::max_rank>& reduced);

}  // namespace xtape
