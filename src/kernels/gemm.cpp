// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/gemm.hpp"

#include <algorithm>
#include <complex>
#include <type_traits>

#include <xtensor-blas/xblas_config.hpp>
// After the configuration, which chooses CBLAS.
#include <xflens/cxxblas/cxxblas.cxx>

#include "core/scratch.hpp"
#include "core/thread_pool.hpp"
#include "kernels/kernels.hpp"

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

constexpr double worth_a_thread = 1 << 21;  // multiplications

template <class T>
struct Product {
  Transpose transpose_a, transpose_b;
  std::size_t rows, columns, inner;
  const T *a, *b;
  bool add;       // to c
  const T* bias;  // null: none
  T* c;

  double multiplications() const {
    return static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(inner);
  }
};

// y = row, `rows` times.
template <class T>
void repeat(const T* row, std::size_t length, std::size_t rows, T* y) {
  const std::size_t together = std::max<std::size_t>(1, products_per_block / length);
  parallel_for_ranges(rows, together, [=](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) std::copy_n(row, length, y + r * length);
  });
}

// Where our kernels take less time than a BLAS.
template <class T>
bool is_small(const Product<T>& in) {
  constexpr double most_multiplications = 1 << 22;
  const bool has_few_rows =
      in.rows <= few_rows && in.transpose_a == Transpose::no && in.transpose_b == Transpose::yes;
  return has_few_rows || in.multiplications() <= most_multiplications;
}

// Rows are computed alike wherever they are cut.
template <class T>
void multiply_small(const Product<T>& in) {
  const bool a_is_transposed = in.transpose_a == Transpose::yes;
  const std::size_t a_row = a_is_transposed ? 1 : in.inner;
  const std::size_t blocks = in.multiplications() < worth_a_thread ? 1 : 2;
  parallel_for_ranges(in.rows, (in.rows + blocks - 1) / blocks, [&](std::size_t begin, std::size_t end) {
    kernels<T>().multiply_small({.rows = end - begin,
                                 .columns = in.columns,
                                 .inner = in.inner,
                                 .a = in.a + begin * a_row,
                                 .a_row = a_row,
                                 .a_inner = a_is_transposed ? in.rows : 1,
                                 .b = in.b,
                                 .b_is_transposed = in.transpose_b == Transpose::yes,
                                 .bias = in.bias,
                                 .add = in.add,
                                 .c = in.c + begin * in.columns,
                                 .groups = scratch<T, Scratch::column_groups>(32 * in.inner)});
  });
}

// Into how many blocks a product is cut: more than one where a thread's waking up costs little beside half of
// the work. Each block packs anew what it reads, so they are few and large. They depend on the shape alone: a
// BLAS may add up differently in blocks of another shape.
std::size_t block_count(double multiplications) {
  constexpr double of_large_block = 1 << 27;
  if (multiplications < worth_a_thread) return 1;
  return static_cast<std::size_t>(std::max(2.0, multiplications / of_large_block));
}

template <class T>
void multiply_with_blas(const Product<T>& in) {
  keep_blas_on_the_calling_thread();
  if (in.bias != nullptr) repeat(in.bias, in.columns, in.rows, in.c);
  const T beta = in.add || in.bias != nullptr ? T{1} : T{0};
  const bool cut_rows = in.rows >= in.columns;
  const std::size_t length = cut_rows ? in.rows : in.columns;
  const std::size_t blocks = std::min(block_count(in.multiplications()), length);
  const std::size_t block = (length / blocks + 63) / 64 * 64;
  parallel_for_ranges(length, block, [&in, beta, cut_rows](std::size_t begin, std::size_t end) {
    const std::size_t row = cut_rows ? begin : 0, column = cut_rows ? 0 : begin;
    const std::size_t some_rows = cut_rows ? end - begin : in.rows;
    const std::size_t some_columns = cut_rows ? in.columns : end - begin;
    const T* const a_begin = in.a + (in.transpose_a == Transpose::yes ? row : row * in.inner);
    const T* const b_begin = in.b + (in.transpose_b == Transpose::yes ? column * in.inner : column);
    cxxblas::gemm<int>(cxxblas::RowMajor, to_cxxblas(in.transpose_a), to_cxxblas(in.transpose_b),
                       static_cast<int>(some_rows), static_cast<int>(some_columns),
                       static_cast<int>(in.inner), T{1}, a_begin, leading(in.transpose_a, in.rows, in.inner),
                       b_begin, leading(in.transpose_b, in.inner, in.columns), beta,
                       in.c + row * in.columns + column, static_cast<int>(in.columns));
  });
}

template <class T>
void multiply(const Product<T>& in) {
  if (in.rows == 0 || in.columns == 0) return;
  if (in.inner == 0 && in.bias != nullptr) {
    repeat(in.bias, in.columns, in.rows, in.c);
  } else if (in.inner == 0) {
    if (!in.add) std::fill_n(in.c, in.rows * in.columns, T{0});
  } else if (is_small(in)) {
    multiply_small(in);
  } else {
    multiply_with_blas(in);
  }
}

}  // namespace

template <class T>
void gemm(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
          std::size_t inner, const T* a, const T* b, T beta, T* c) {
  multiply<T>({transpose_a, transpose_b, rows, columns, inner, a, b, beta != 0, nullptr, c});
}

template <class T>
void gemm_plus_bias(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
                    std::size_t inner, const T* a, const T* b, const T* bias, T* c) {
  multiply<T>({transpose_a, transpose_b, rows, columns, inner, a, b, false, bias, c});
}

template void gemm(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const float*, const float*,
                   float, float*);
template void gemm(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const double*, const double*,
                   double, double*);
template void gemm_plus_bias(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const float*,
                             const float*, const float*, float*);
template void gemm_plus_bias(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const double*,
                             const double*, const double*, double*);

}  // namespace xtape::kernels
