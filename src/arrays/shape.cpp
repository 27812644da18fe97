// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/arrays/shape.hpp"

#include <limits>

#include "arrays/format.hpp"

namespace xtape {
namespace {
// Room for the bytes of the largest element type (long double), so that size computations cannot wrap.
constexpr std::size_t max_elements =
    static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / 16;
}  // namespace

void Shape::append(std::size_t extent) {
  if (rank_ == max_rank) fail<ShapeError>("Shape: an array has at most {} axes, got more", max_rank);
  // Zero extents are left out of the product, so that (0, 2^40, 2^40) is refused like (1, 2^40, 2^40).
  std::size_t product = extent == 0 ? 1 : extent;
  if (product > max_elements)
    fail<ShapeError>("Shape: an axis must be at most {}, got {}", max_elements, extent);
  for (const std::size_t other : *this) {
    if (other == 0) continue;
    if (__builtin_mul_overflow(product, other, &product) || product > max_elements) {
      fail<ShapeError>("Shape: the number of elements must be at most {}, got {} and an axis of {}",
                       max_elements, *this, extent);
    }
  }
  extents_[rank_++] = extent;
}

std::string to_string(const Shape& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

}  // namespace xtape
