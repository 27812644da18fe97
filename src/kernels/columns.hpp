// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// Rows of `count` neighbouring elements, which begin `step` apart: the elements below one another are a
// column.
struct Columns {
  std::size_t rows, step, count;
};

}  // namespace xtape::kernels
