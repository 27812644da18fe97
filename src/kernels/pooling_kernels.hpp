// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// Windows of 2 x 2, side by side, on an image whose rows are `width` long.
struct LargestOfFour {
  template <class T>
  struct Functions {
    // y (rows, columns) is the largest of each window: the first of several, or else the last NaN. `place`
    // (rows, columns), unless null, is its place in the window, in the order of reading: 0, 1, 2 or 3.
    void (*value)(const T* image, std::size_t width, std::size_t rows, std::size_t columns, T* y, T* place);
    // Each dy to its place in two rows of dx for each row of dy: instead of what is there, with 0 at all
    // other places of the rows, or added to it.
    void (*gradient)(const T* dy, const T* place, std::size_t width, std::size_t rows, std::size_t columns,
                     bool add, T* dx);
  };
};

}  // namespace xtape::kernels
