// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/gemm.hpp"

#include <algorithm>
#include <complex>
#include <type_traits>

#include <xtensor-blas/xblas_config.hpp>
// After the configuration, which chooses CBLAS.
#include <xflens/cxxblas/cxxblas.cxx>

#include "core/thread_pool.hpp"

#ifdef XTAPE_BLAS_IS_OPENBLAS
extern "C" void openblas_set_num_threads(int threads);
#endif

namespace xtape::kernels {
namespace {

// Products are cut up here, at places that depend on the shape alone; a BLAS with threads of its own would
// compete with ours.
void keep_blas_on_the_calling_thread() {
#ifdef XTAPE_BLAS_IS_OPENBLAS
  static const bool done = (openblas_set_num_threads(1), true);
  static_cast<void>(done);
#endif
}

cxxblas::Transpose to_cxxblas(Transpose transpose) {
  return transpose == Transpose::yes ? cxxblas::Trans : cxxblas::NoTrans;
}

int leading(Transpose transpose, std::size_t rows, std::size_t columns) {
  return static_cast<int>(transpose == Transpose::yes ? rows : columns);
}

// Enough multiplications that a thread's waking up costs little beside them.
constexpr double multiplications_per_block = 1 << 22;

}  // namespace

template <class T>
void gemm(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
          std::size_t inner, const T* a, const T* b, T beta, T* c) {
  if (rows == 0 || columns == 0) return;
  if (inner == 0) {
    std::transform(c, c + rows * columns, c, [beta](T x) { return beta == 0 ? T{0} : beta * x; });
    return;
  }
  keep_blas_on_the_calling_thread();

  const bool cut_rows = rows >= columns;
  const std::size_t length = cut_rows ? rows : columns;
  const double multiplications =
      static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(inner);
  const double blocks =
      std::min(1 + multiplications / multiplications_per_block, static_cast<double>(length));
  const std::size_t block = (length / static_cast<std::size_t>(blocks) + 63) / 64 * 64;
  parallel_for((length + block - 1) / block, [&](std::size_t i) {
    const std::size_t begin = i * block;
    const std::size_t count = std::min(block, length - begin);
    const std::size_t row = cut_rows ? begin : 0;
    const std::size_t column = cut_rows ? 0 : begin;
    const T* a_begin = a + (transpose_a == Transpose::yes ? row : row * inner);
    const T* b_begin = b + (transpose_b == Transpose::yes ? column * inner : column);
    cxxblas::gemm<int>(cxxblas::RowMajor, to_cxxblas(transpose_a), to_cxxblas(transpose_b),
                       static_cast<int>(cut_rows ? count : rows),
                       static_cast<int>(cut_rows ? columns : count), static_cast<int>(inner), T{1}, a_begin,
                       leading(transpose_a, rows, inner), b_begin, leading(transpose_b, inner, columns), beta,
                       c + row * columns + column, static_cast<int>(columns));
  });
}

template void gemm(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const float*, const float*,
                   float, float*);
template void gemm(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const double*, const double*,
                   double, double*);

}  // namespace xtape::kernels
