// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/columns.hpp"

namespace xtape::kernels {

// Of each column: see Standard.
struct ColumnStandards {
  const double *means, *rests, *scales;
};

// Of each column, and what sums of doubles have lost.
struct ColumnSums {
  double *sums, *errors;
};

// What Standardise does to pieces, done to columns.
struct StandardiseColumns {
  template <class T>
  struct Functions {
    // Adds the distances of x from the centers, and their squares.
    void (*add_distances)(const T* x, Columns, const double* centers, ColumnSums distances,
                          ColumnSums squares);
    // y = z factor + shift with z = x standardised.
    void (*value)(const T* x, Columns, ColumnStandards, const double* factors, const double* shifts, T* y);
    // Adds g = dy, and g z.
    void (*add_slopes)(const T* x, const T* dy, Columns, ColumnStandards, ColumnSums g, ColumnSums gz);
    // dx = (g - mean of g - z mean of g z) scale, which is added unless it is the first contribution; the
    // scales are those of the gradient.
    void (*gradient)(const T* x, const T* dy, Columns, ColumnStandards, const double* means_g,
                     const double* means_gz, const double* scales, T* dx, bool first);
  };
};

}  // namespace xtape::kernels
