// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/arrays/array_view.hpp"

#include "arrays/format.hpp"

namespace xtape::detail {

void throw_not_contiguous(const Shape& shape) {
  fail<ShapeError>(
      "ArrayView: the array must be in row-major order without gaps, got strides that do not fit its shape "
      "{}; "
      "copy it into an xt::xarray first",
      shape);
}

void throw_wrong_size(std::size_t wanted, std::size_t got) {
  fail<ShapeError>("view: what is assigned must have as many elements as the array, {}, got {}", wanted, got);
}

void throw_other_shape(const Shape& wanted, const Shape& got) {
  const char* const fix = got.rank() == 0 ? "; fill(x) sets all elements to a number"
                          : got.elements() == wanted.elements()
                              ? "; reshape it if its elements are in the right order"
                              : "";
  fail<ShapeError>("view: what is assigned must have the shape of the array {}, got {}{}", wanted, got, fix);
}

}  // namespace xtape::detail
