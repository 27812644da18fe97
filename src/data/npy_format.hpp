// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

#include "files/byte_reader.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/data/mapped_array.hpp"
#include "xtape/files/stored_array.hpp"

namespace xtape::data {

// All of a file of the NPY format. `other_way` ends the message about elements that cannot be read.
AnyArray read_npy_array(ByteReader& file, std::string_view other_way = {});

// The same, but the elements stay in the file, which is a regular one.
MappedArray map_npy_array(PlainReader& file);

// Only the header of one, whatever its elements are.
StoredArray read_npy_description(ByteReader& file);

// What stands before the elements, which follow as they are in memory.
std::string npy_header(ElementType type, const Shape& shape);

}  // namespace xtape::data
