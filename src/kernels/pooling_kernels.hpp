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

// Windows along an axis: window i covers the elements from i step - padding on, `length` of them or those
// that there are, and at least one.
struct WindowsAlong {
  std::size_t extent, length, step, padding, count;
};

// On a plane. The kernels below take columns that are at most `widest` long and apart, and windows whose
// elements are less than `furthest` apart in the plane.
struct PlaneWindows {
  static constexpr std::size_t widest = 512, furthest = std::size_t{1} << 24;

  WindowsAlong rows, columns;
};

struct MeanOfWindows {
  template <class T>
  struct Functions {
    // y is the sum of each window, as exact as that of Sum<T>, divided by how many elements a window has:
    // all, those of the padding too, or those that it covers.
    void (*value)(const PlaneWindows& windows, std::size_t planes, bool count_padding, const T* x, T* y);
    // dy, divided, to each element of its window, in the order of the windows: instead of what is there, or
    // added to it.
    void (*gradient)(const PlaneWindows& windows, std::size_t planes, bool count_padding, const T* dy,
                     bool add, T* dx);
  };
};

struct LargestOfWindows {
  // y is the largest of each window: the first of several, or else the last NaN. `places`, unless null, are
  // where in their planes they are.
  template <class T>
  using Functions = void (*)(const PlaneWindows& windows, std::size_t planes, const T* x, T* y,
                             std::uint32_t* places);
};

}  // namespace xtape::kernels
