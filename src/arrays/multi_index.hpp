// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "xtape/arrays/shape.hpp"

namespace xtape {

// The index along each axis of the element that stands at flat_index in row-major order.
std::vector<std::size_t> multi_index(const Shape& shape, std::size_t flat_index);

// How messages name one element of an array: "labels[3, 1]", or "labels" for a scalar.
std::string element_name(const char* array, const Shape& shape, std::size_t flat_index);

}  // namespace xtape
