// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// A number for the rows of images and one for their columns: `{.stride = {2, 1}}`. A single number stands
/// for both: `{.stride = 2}`.
struct Size2d {
  std::size_t rows = 0;     ///< of images
  std::size_t columns = 0;  ///< of images

  /// One number for both.
  constexpr Size2d(std::size_t both) noexcept : rows(both), columns(both) {}
  /// A number for each.
  constexpr Size2d(std::size_t of_rows, std::size_t of_columns) noexcept
      : rows(of_rows), columns(of_columns) {}
};

}  // namespace xtape
#pragma GCC visibility pop
