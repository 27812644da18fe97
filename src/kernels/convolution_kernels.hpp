// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// Of products with a matrix (inner, columns) that is nowhere: its row k is what lies shifts[k] after b. So
// many columns are a multiple of all numbers of lanes.
inline constexpr std::size_t shifted_columns = 16;

struct MultiplyShifted {
  template <class T>
  struct Functions {
    // c (rows, columns) = bias, or 0 if it is null, + a (rows, inner) times the matrix.
    void (*product)(std::size_t rows, std::size_t columns, std::size_t inner, const T* a, const T* b,
                    const std::size_t* shifts, const T* bias, T* c);
    // c (rows, inner) = or += the sum over samples of a (samples, rows, columns) times the matrix,
    // transposed; it begins at b, and for each further sample so far after that of the one before.
    void (*product_with_transposed)(std::size_t samples, std::size_t rows, std::size_t columns,
                                    std::size_t inner, const T* a, const T* b, std::size_t to_next,
                                    const std::size_t* shifts, bool add, T* c);
  };
};

// Between rows that are side by side and rows that begin `step` apart.
struct SpacedRows {
  template <class T>
  struct Functions {
    // to[r step + c] = from[r width + c], and 0 after each row, to the end of the step and, after the last,
    // up to shifted_columns more.
    void (*space)(const T* from, std::size_t rows, std::size_t width, T* to, std::size_t step);
    // to[r width + c] = or += from[r step + c].
    void (*close)(const T* from, std::size_t step, std::size_t rows, std::size_t width, T* to, bool add);
  };
};

}  // namespace xtape::kernels
