// SPDX-License-Identifier: BSD-3-Clause
#include "arrays/multi_index.hpp"

#include <fmt/ranges.h>

namespace xtape {

std::vector<std::size_t> multi_index(const Shape& shape, std::size_t flat_index) {
  std::vector<std::size_t> index(shape.rank());
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    index[axis] = flat_index % shape[axis];
    flat_index /= shape[axis];
  }
  return index;
}

std::string element_name(const char* array, const Shape& shape, std::size_t flat_index) {
  if (shape.rank() == 0) return array;
  return fmt::format("{}[{}]", array, fmt::join(multi_index(shape, flat_index), ", "));
}

}  // namespace xtape
