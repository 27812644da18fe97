// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// y (rows, columns) is the largest of each window of 2 x 2 of an image whose rows are `width` long: the first
// of several, or else the last NaN.
struct LargestOfFour {
  template <class T>
  using Functions = void (*)(const T* image, std::size_t width, std::size_t rows, std::size_t columns, T* y);
};

}  // namespace xtape::kernels
