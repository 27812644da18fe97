// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// Of each of some rows of n elements, `step` apart, or of each column of them. NaN is larger than all numbers
// and equal to nothing.
struct Maxima {
  template <class T>
  using Find = void (*)(const T* x, std::size_t rows, std::size_t step, std::size_t n, T* max);
  template <class T>
  using Count = void (*)(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
                         double* counts);
  template <class T>
  using Share = void (*)(const T* x, std::size_t rows, std::size_t step, std::size_t n, const T* max,
                         const T* shares, T* dx, bool first);

  template <class T>
  struct Functions {
    Find<T> of_rows, of_columns;               // raises each max to the largest element
    Count<T> count_in_rows, count_in_columns;  // adds how many elements are equal to the max
    void (*shares)(const T* dy, const double* counts, std::size_t n, T* shares);  // dy / count
    // dx = the share where x is the max, else 0; added unless it is the first contribution. It lies like x.
    Share<T> share_in_rows, share_in_columns;
  };
};

}  // namespace xtape::kernels
