// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>

#include "xtape/arrays/any_array.hpp"
#include "xtape/arrays/shape.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// What a file says of an array, of which no element has been read.
struct StoredArray {
  std::string type;                         ///< as the file names it: "<f4" in NPY, "F32" in safetensors
  std::optional<ElementType> element_type;  ///< what it is read as; none: it cannot be read
  Shape shape;                              ///< its extents
};

}  // namespace xtape
#pragma GCC visibility pop
