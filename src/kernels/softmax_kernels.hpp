// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/columns.hpp"

namespace xtape::kernels {

// The normaliser of a row: its largest logit and the sum over all but one of the largest of e^(x - max), NaN
// where the largest is not finite.
template <class T>
struct RowNormaliser {
  T max;
  double rest;
};

// Of each row of x, or of each column; the gradients are added unless they are the first contribution.
struct Softmax {
  template <class T>
  struct Functions {
    void (*value)(const T* x, std::size_t rows, std::size_t classes, T* y, RowNormaliser<T>*);
    void (*gradient)(const T* p, const T* dy, std::size_t rows, std::size_t classes, T* dx, bool first);
    void (*value_of_columns)(const T* x, Columns, T* y, RowNormaliser<T>*);
    void (*gradient_of_columns)(const T* p, const T* dy, Columns, T* dx, bool first);
  };
};

struct LogSoftmax {
  template <class T>
  struct Functions {
    void (*value)(const T* x, std::size_t rows, std::size_t classes, T* y, RowNormaliser<T>*);
    void (*gradient)(const T* x, const RowNormaliser<T>*, const T* dy, std::size_t rows, std::size_t classes,
                     T* dx, bool first);
    void (*value_of_columns)(const T* x, Columns, T* y, RowNormaliser<T>*);
    void (*gradient_of_columns)(const T* x, const RowNormaliser<T>*, const T* dy, Columns, T* dx, bool first);
  };
};

struct LogSumExp {
  template <class T>
  struct Functions {
    // And the logarithms of 1 + rest.
    void (*normalise)(const T* x, std::size_t rows, std::size_t classes, RowNormaliser<T>*,
                      double* log_rests);
    void (*gradient)(const T* x, const RowNormaliser<T>*, const T* dy, std::size_t rows, std::size_t classes,
                     T* dx, bool first);
    void (*normalise_columns)(const T* x, Columns, RowNormaliser<T>*, double* log_rests);
    void (*columns_gradient)(const T* x, const RowNormaliser<T>*, const T* dy, Columns, T* dx, bool first);
  };
};

}  // namespace xtape::kernels
