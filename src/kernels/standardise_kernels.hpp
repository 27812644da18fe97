// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// `count` pieces of `length` neighbouring elements, which begin `step` apart.
struct Pieces {
  std::size_t count, length, step;
};

// Of numbers: mean + rest is their mean to about twice the precision of a double, that of floats without a
// rest, and the variance that of all of them, not an estimate of that of others.
struct Moments {
  double mean, rest, variance;
};

// What takes numbers to ((x - mean) - rest) scale, their distance from the mean in standard deviations.
struct Standard {
  double mean, rest, scale;
};

// The sums of g and of g z, where z is x standardised.
struct StandardSums {
  double g, gz;
};

// x and y, and so on, lie in memory alike.
struct Standardise {
  template <class T>
  struct Functions {
    Moments (*moments)(const T* x, Pieces);
    // y = z factor + shift with z = x standardised.
    void (*value)(const T* x, Pieces, Standard, double factor, double shift, T* y);
    // The same with a mean, a scale, a factor and a shift for each, and nothing as the rest of the mean.
    void (*each_value)(const T* x, std::size_t n, const double* means, const double* scales,
                       const double* factors, const double* shifts, T* y);
    // Of g = dy.
    StandardSums (*sums)(const T* x, const T* dy, Pieces, Standard);
    // dx = (g - means.g - z means.gz) scale, which is added unless it is the first contribution; `scale` is
    // that of the gradient.
    void (*gradient)(const T* x, const T* dy, Pieces, Standard, StandardSums means, double scale, T* dx,
                     bool first);
  };
};

}  // namespace xtape::kernels
