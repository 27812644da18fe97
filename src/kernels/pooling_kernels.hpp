// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

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

// Windows that hang over no edge: the first begins at an element of an image, the next ones `step` elements
// further on.
struct WholeWindows {
  static constexpr std::size_t fewest = 16;  // that there must be

  std::size_t count, step;
  std::size_t rows, columns;  // of each
  std::size_t width;          // of the image
};

// An image x begins at the first of the windows.
struct PoolWindows {
  static constexpr std::size_t furthest = std::size_t{1} << 24;

  template <class T>
  struct Functions {
    // y is the largest of each: the first of several, or else the last NaN. `places`, unless null, are how
    // far from x they are; the elements of a window must be less than
    // `furthest` apart.
    void (*largest)(const T* x, const WholeWindows& windows, T* y, std::uint32_t* places);
    // y is the sum of each in the order of reading, as that of Sum<T>, divided.
    void (*mean)(const T* x, const WholeWindows& windows, double divisor, T* y);
    // Adds dy, divided, to each element of its window, in the order of the windows.
    void (*mean_gradient)(const T* dy, const WholeWindows& windows, double divisor, T* dx);
  };
};

}  // namespace xtape::kernels
