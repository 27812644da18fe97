// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "core/byte_reader.hpp"
#include "xtape/core/named_arrays.hpp"

namespace xtape::data {

// All of a file of the NPY format.
AnyArray read_npy_array(ByteReader& file);

// What stands before the elements, which follow as they are in memory.
template <class T>
std::string npy_header(const Shape& shape);

}  // namespace xtape::data
