// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

struct Sums {
  template <class T>
  struct Functions {
    double (*sum)(const T* x, std::size_t n);
    double (*sum_of_doubles)(const double* x, std::size_t n);           // in the precision of T
    double (*sum_of_squares)(const T* x, std::size_t n, double scale);  // of scale x, in double
    // Of rows of n elements, `step` apart, and what the sums of doubles lose to `errors`.
    void (*row_sums)(const T* x, std::size_t rows, std::size_t step, std::size_t n, double* sums,
                     double* errors);
    // Adds rows of n elements, `step` apart, to as many sums, and what the sums of doubles lose to `errors`.
    void (*add_rows)(const T* x, std::size_t rows, std::size_t step, std::size_t n, double* sums,
                     double* errors);
    void (*divide)(const T* x, std::size_t n, double divisor, T* y);  // y = x / divisor, rounded once
    // y = sums / divisor, which is added unless it is the first contribution; rounded once.
    void (*write_quotients)(const double* sums, std::size_t n, double divisor, T* y, bool first);
  };
};

}  // namespace xtape::kernels
