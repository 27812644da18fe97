// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

enum class Transpose : bool { no, yes };

// An extent beyond this does not fit the BLAS's index type.
inline constexpr std::size_t max_gemm_extent = 0x7fffffff;

// c (rows, columns) = op(a) (rows, inner) op(b) (inner, columns) + beta c, all dense and row-major; beta is
// 0, and c is not read, or 1.
template <class T>
void gemm(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
          std::size_t inner, const T* a, const T* b, T beta, T* c);

// The same with the bias, one number for each column, in place of beta c.
template <class T>
void gemm_plus_bias(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
                    std::size_t inner, const T* a, const T* b, const T* bias, T* c);

}  // namespace xtape::kernels
