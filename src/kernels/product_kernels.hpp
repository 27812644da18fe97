// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// c (rows, columns) = start + a b, where each row of the start is the bias, or, without it, that of c if
// `add`, or else 0; with `relu`, what is below 0 becomes 0. Element (i, k) of a is a[i * a_row + k *
// a_inner], of which one is 1. The rows of c, and of b (inner, columns) or b^T (columns, inner), are so far
// apart as said.
template <class T>
struct SmallProduct {
  std::size_t rows, columns, inner;
  const T* a;
  std::size_t a_row, a_inner;
  const T* b;
  std::size_t b_row;
  bool b_is_transposed;
  const T* bias;
  bool add;
  bool relu;  // at the end
  T* c;
  std::size_t c_row;
  T* groups;         // memory for 32 inner elements
  T* rows_together;  // memory as large as a, worth its while if many columns follow, or null
};

// Of a (rows, inner) and b^T (columns, inner), both dense: so few rows that a BLAS takes longer whatever the
// size.
inline constexpr std::size_t few_rows = 5;

struct MultiplySmall {
  template <class T>
  using Functions = void (*)(const SmallProduct<T>&);
};

}  // namespace xtape::kernels
