// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "kernels/standardise_columns_kernels.hpp"
#include "kernels/standardise_kernels.hpp"

namespace xtape::kernels {

// What Standardise does to pieces, done to rows of n elements, which lie one after the other.
struct StandardiseRows {
  template <class T>
  struct Functions {
    // y = z factor + shift with z = x standardised, and a factor (null: 1) and a shift (null: 0) for each
    // element of a row. `epsilon` is added to the variances. Gives the standard of each row, unless that is
    // null.
    void (*value)(const T* x, std::size_t rows, std::size_t n, double epsilon, const T* factors,
                  const T* shifts, Standard* standards, T* y);
    // dx = (g - mean of g - z mean of g z) scale with g = dy factors, which is added unless it is the first
    // contribution.
    void (*gradient)(const T* x, const T* dy, std::size_t rows, std::size_t n, const Standard* standards,
                     const T* factors, T* dx, bool first);
    // Adds dy, and dy z, of some columns to their sums.
    void (*add_slopes)(const T* x, const T* dy, Columns, const Standard* standards, ColumnSums g,
                       ColumnSums gz);
  };
};

}  // namespace xtape::kernels
