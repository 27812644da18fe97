// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

enum class Transpose : bool { no, yes };

// What becomes of each element at the end.
enum class After : bool { nothing, relu };

// An extent beyond this does not fit the BLAS's index type.
inline constexpr std::size_t max_gemm_extent = 0x7fffffff;

// c (rows, columns) = op(a) (rows, inner) op(b) (inner, columns) + beta c, all dense and row-major; beta is
// 0, and c is not read, or 1.
template <class T>
void gemm(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
          std::size_t inner, const T* a, const T* b, T beta, T* c);

// The same with the bias (null: none), one number for each column, in place of beta c.
template <class T>
void gemm_plus_bias(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
                    std::size_t inner, const T* a, const T* b, const T* bias, After after, T* c);

// The same, with the bias (null: none) or with beta c, by our own kernels whatever the size, on this thread
// alone and in memory of the caller's: so many elements for an inner extent. Where gemm would not have called
// a BLAS, its bits.
template <class T>
void gemm_alone(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
                std::size_t inner, const T* a, const T* b, T beta, const T* bias, T* c, T* memory);
std::size_t gemm_alone_memory(std::size_t inner);

}  // namespace xtape::kernels
