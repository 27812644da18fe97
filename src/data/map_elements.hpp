// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <bit>
#include <string_view>

#include "files/byte_reader.hpp"
#include "xtape/data/mapped_array.hpp"

namespace xtape::data {

// The elements that begin where the reader stands and go on to the end of the file, which is a regular one.
// `reader` is the function that reads what cannot be mapped, for messages.
MappedArray map_elements(const PlainReader& file, ElementType type, const Shape& shape, std::endian order,
                         std::string_view reader);

}  // namespace xtape::data
