// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// c (columns) = a (inner) b + bias, where b was packed, and then 0 in place of what is negative if `relu`.
template <class T>
struct RowProduct {
  std::size_t columns, inner;
  const T* a;
  const T* b;
  const T* bias;  // null: none
  bool relu;
  T* c;
};

// The product of one row with the same matrix again and again: to the bits of MultiplySmall with one row and
// b^T, but the matrix lies in memory in the order in which it is read.
struct MultiplyRow {
  template <class T>
  struct Functions {
    std::size_t (*elements)(std::size_t columns, std::size_t inner);  // of the packed matrix
    // Of b^T (columns, inner).
    void (*pack)(const T* b, std::size_t columns, std::size_t inner, T* packed);
    void (*multiply)(const RowProduct<T>&);
  };
};

}  // namespace xtape::kernels
