// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/gemm.hpp"

#include <algorithm>
#include <complex>
#include <type_traits>

#include <xtensor-blas/xblas_config.hpp>
// After the configuration, which chooses CBLAS.
#include <xflens/cxxblas/cxxblas.cxx>

#include "kernels/blas_threads.hpp"
#include "kernels/blas_vectors.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/product_kernels.hpp"
#include "kernels/relu.hpp"
#include "threads/thread_pool.hpp"
#include "threads/workspace.hpp"

namespace xtape::kernels {
namespace {

cxxblas::Transpose to_cxxblas(Transpose transpose) {
  return transpose == Transpose::yes ? cxxblas::Trans : cxxblas::NoTrans;
}

constexpr double worth_a_thread = 1 << 21;  // multiplications

template <class T>
struct Product {
  Transpose transpose_a, transpose_b;
  std::size_t rows, columns, inner;
  const T *a, *b;
  bool add;       // to c
  const T* bias;  // null: none
  After after;
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

template <class T>
bool is_of_rows(const Product<T>& in) {
  return in.transpose_a == Transpose::no && in.transpose_b == Transpose::yes;
}

// So many that a BLAS takes longer whatever the size.
template <class T>
bool has_few_rows(const Product<T>& in) {
  return in.rows <= few_rows && is_of_rows(in);
}
template <class T>
bool has_few_columns(const Product<T>& in) {
  const std::size_t most = chosen_processor() == Processor::avx512 ? 10 : 7;
  return in.columns <= most && is_of_rows(in);
}

// Where our kernels take less time than a BLAS: few rows or columns, small products, and those whose a is
// small; with AVX-512, products of eight times the size too, if what is read across rows is short.
template <class T>
bool is_small(const Product<T>& in) {
  constexpr double small = 1 << 22, small_with_avx512 = 1 << 25;  // multiplications
  constexpr std::size_t longest_inner = 1 << 10, elements_of_a = 1 << 17;
  if (has_few_rows(in) || has_few_columns(in)) return true;
  if (in.inner > longest_inner) return false;
  if (in.multiplications() <= small || (is_of_rows(in) && in.rows * in.inner <= elements_of_a)) return true;
  const std::size_t longest = in.transpose_a == Transpose::yes ? 128 : is_of_rows(in) ? longest_inner : 512;
  return chosen_processor() == Processor::avx512 && in.multiplications() <= small_with_avx512 &&
         in.inner <= longest;
}

// Blocks of about `length` / `count` whose length is a multiple.
std::size_t block_length(std::size_t length, std::size_t count, std::size_t multiple) {
  return ((length + count - 1) / count + multiple - 1) / multiple * multiple;
}

struct Range {
  std::size_t begin, end;
  std::size_t length() const { return end - begin; }
};

// Block i of `count` that begin at multiples of 32 and are as even as these allow.
Range even_block(std::size_t length, std::size_t count, std::size_t i) {
  const std::size_t multiples = (length + 31) / 32;
  return {multiples * i / count * 32, std::min(length, multiples * (i + 1) / count * 32)};
}

// Memory that our kernels work in; rows_together may be null.
template <class T>
struct KernelMemory {
  T *groups, *rows_together;
};

// c = start + the product of some rows, inner elements and columns, where the start is c itself if `add`.
template <class T>
void multiply_part_with_kernels(const Product<T>& in, Range rows, Range columns, Range inner,
                                KernelMemory<T> memory) {
  const bool is_first = inner.begin == 0, is_last = inner.end == in.inner;
  const bool a_is_transposed = in.transpose_a == Transpose::yes,
             b_is_transposed = in.transpose_b == Transpose::yes;
  const std::size_t a_row = a_is_transposed ? 1 : in.inner, a_inner = a_is_transposed ? in.rows : 1;
  const std::size_t b_row = b_is_transposed ? in.inner : in.columns;
  const std::size_t b_column = b_is_transposed ? in.inner : 1, b_inner = b_is_transposed ? 1 : in.columns;
  kernel<MultiplySmall, T>()({.rows = rows.length(),
                              .columns = columns.length(),
                              .inner = inner.length(),
                              .a = in.a + rows.begin * a_row + inner.begin * a_inner,
                              .a_row = a_row,
                              .a_inner = a_inner,
                              .b = in.b + columns.begin * b_column + inner.begin * b_inner,
                              .b_row = b_row,
                              .b_is_transposed = b_is_transposed,
                              .bias = in.bias == nullptr || !is_first ? nullptr : in.bias + columns.begin,
                              .add = in.add || !is_first,
                              .relu = in.after == After::relu && is_last,
                              .c = in.c + rows.begin * in.columns + columns.begin,
                              .c_row = in.columns,
                              .groups = memory.groups,
                              .rows_together = memory.rows_together});
}

constexpr std::size_t longest_part = 512;  // of the inner extent

// How our kernels go through a product: blocks of c, in which a part of a stays in the second cache, and a
// few columns of b in the first. They depend on the shape alone.
template <class T>
class KernelBlocks {
 public:
  explicit KernelBlocks(const Product<T>& in) : in_(in), inner_(in.inner), rows_of_part_(in.rows) {
    const bool a_is_transposed = in.transpose_a == Transpose::yes,
               b_is_transposed = in.transpose_b == Transpose::yes;
    if (!has_few_rows(in) && in.inner > longest_part)
      inner_ = block_length(in.inner, (in.inner + longest_part - 1) / longest_part, 1);
    // The rows of b^T take long to bring together, so that is done once for all rows of a.
    if (!b_is_transposed && in.rows * inner_ > elements_of_part)
      rows_of_part_ = std::max<std::size_t>(32, elements_of_part / inner_);
    if (in.multiplications() >= worth_a_thread)
      cut(b_is_transposed ? in.rows : 256, b_is_transposed ? 32 : a_is_transposed ? many_columns : 64);
    rows_are_together_ = a_is_transposed && !b_is_transposed && in.columns / across_ >= many_columns;
  }

  std::size_t count() const { return down_ * across_; }

  // In elements, of each block.
  std::size_t groups() const { return has_few_rows(in_) ? 0 : 32 * inner_; }
  std::size_t rows_together() const {
    return rows_are_together_ ? std::min(block_length(in_.rows, down_, 32), rows_of_part_) * inner_ : 0;
  }

  void multiply(std::size_t block, KernelMemory<T> memory) const {
    const Range rows = even_block(in_.rows, down_, block / across_),
                columns = even_block(in_.columns, across_, block % across_);
    for (std::size_t k = 0; k < in_.inner; k += inner_) {
      const Range inner{k, std::min(in_.inner, k + inner_)};
      for (std::size_t row = rows.begin; row < rows.end; row += rows_of_part_) {
        const Range some{row, std::min(rows.end, row + rows_of_part_)};
        multiply_part_with_kernels(in_, some, columns, inner, memory);
      }
    }
  }

 private:
  // Into so many blocks as are worth a thread, at first none smaller than said; if these are few, into lower
  // ones.
  void cut(std::size_t rows, std::size_t columns) {
    const auto wanted = static_cast<std::size_t>(std::min(in_.multiplications() / worth_a_thread * 2, 32.0));
    std::size_t down = std::clamp<std::size_t>(in_.rows / rows, 1, wanted);
    std::size_t across = std::clamp<std::size_t>(in_.columns / columns, 1, (wanted + down - 1) / down);
    const std::size_t few = std::min<std::size_t>(wanted, 8);
    if (down * across < few) down = std::clamp<std::size_t>(in_.rows / 64, down, few / across);
    const bool is_odd = down * across > 1 && down * across % 2 == 1;
    if (is_odd) --(across > 1 ? across : down);  // Two threads take as many.
    down_ = down;
    across_ = across;
  }

  static constexpr std::size_t elements_of_part = 1 << 17, many_columns = 256;

  const Product<T>& in_;
  std::size_t inner_, rows_of_part_;
  std::size_t down_ = 1, across_ = 1;  // blocks
  bool rows_are_together_;
};

template <class T>
void multiply_with_kernels(const Product<T>& in) {
  const KernelBlocks<T> blocks(in);
  parallel_for(blocks.count(), [&blocks](std::size_t block) {
    Workspace workspace;
    T* const groups = workspace.take<T>(blocks.groups());
    const std::size_t together = blocks.rows_together();
    blocks.multiply(block, {groups, together == 0 ? nullptr : workspace.take<T>(together)});
  });
}

// Into how many blocks of rows or columns, of which there are so many, a product is cut: more than one where
// a thread's waking up costs little beside half of the work. Each block packs anew what it reads, so they are
// few and large. They depend on the shape alone: a BLAS may add up differently in blocks of another shape.
std::size_t block_count(double multiplications, std::size_t length) {
  constexpr double of_large_block = 1 << 27;
  constexpr std::size_t least_length = 256;
  if (multiplications < worth_a_thread) return 1;
  const double large = std::min(multiplications / of_large_block, static_cast<double>(length / least_length));
  return std::max<std::size_t>(2, static_cast<std::size_t>(large));
}

// c += or = the product of some rows, inner elements and columns; c points to the first element of the
// result.
template <class T>
void multiply_part(const Product<T>& in, Range rows, Range columns, Range inner, bool add, T* c) {
  const bool a_is_transposed = in.transpose_a == Transpose::yes,
             b_is_transposed = in.transpose_b == Transpose::yes;
  const T* const a =
      in.a + (a_is_transposed ? inner.begin * in.rows + rows.begin : rows.begin * in.inner + inner.begin);
  const T* const b = in.b + (b_is_transposed ? columns.begin * in.inner + inner.begin
                                             : inner.begin * in.columns + columns.begin);
  const auto number = [](std::size_t extent) { return static_cast<int>(extent); };
  const OneOpenMpThread until_the_end;
  cxxblas::gemm<int>(
      cxxblas::RowMajor, to_cxxblas(in.transpose_a), to_cxxblas(in.transpose_b), number(rows.length()),
      number(columns.length()), number(inner.length()), T{1}, a, number(a_is_transposed ? in.rows : in.inner),
      b, number(b_is_transposed ? in.inner : in.columns), add ? T{1} : T{0}, c, number(in.columns));
}

// Where rows and columns are few beside the inner extent, that is cut, and the products of its parts are
// added up.
template <class T>
void multiply_inner_parts(const Product<T>& in, bool add) {
  constexpr std::size_t most_parts = 4;
  const std::size_t count = std::min(block_count(in.multiplications(), in.inner), most_parts);
  const std::size_t block = block_length(in.inner, count, 16);
  const std::size_t elements = in.rows * in.columns, parts = (in.inner + block - 1) / block;
  Workspace workspace;
  T* const others = workspace.take<T>((parts - 1) * elements);
  parallel_for(parts, [&](std::size_t part) {
    const Range inner{part * block, std::min(in.inner, (part + 1) * block)};
    T* const c = part == 0 ? in.c : others + (part - 1) * elements;
    multiply_part(in, {0, in.rows}, {0, in.columns}, inner, part == 0 && add, c);
  });
  for (std::size_t part = 1; part < parts; ++part)
    kernel<Binary<Add>, T>()(in.c, true, others + (part - 1) * elements, true, in.c, elements);
  if (in.after == After::relu) apply_relu(in.c, elements);
}

template <class T>
void multiply_with_blas(const Product<T>& in) {
  const OneBlasThread until_the_end;
  if (in.bias != nullptr) repeat(in.bias, in.columns, in.rows, in.c);
  const bool add = in.add || in.bias != nullptr;
  if (in.inner / 4 > std::max(in.rows, in.columns)) return multiply_inner_parts(in, add);
  const bool cut_rows = in.rows >= in.columns;
  const std::size_t length = cut_rows ? in.rows : in.columns;
  const std::size_t block = block_length(length, block_count(in.multiplications(), length), 16);
  parallel_for_ranges(length, block, [&in, add, cut_rows](std::size_t begin, std::size_t end) {
    const Range part{begin, end};
    const Range rows = cut_rows ? part : Range{0, in.rows}, columns = cut_rows ? Range{0, in.columns} : part;
    T* const c = in.c + rows.begin * in.columns + columns.begin;
    multiply_part(in, rows, columns, {0, in.inner}, add, c);
    for (std::size_t row = 0; row < rows.length() && in.after == After::relu; ++row)
      apply_relu(c + row * in.columns, columns.length());
  });
}

template <class T>
void multiply(const Product<T>& in) {
  if (in.rows == 0 || in.columns == 0) return;
  if (in.inner == 0 && in.bias != nullptr) {
    repeat(in.bias, in.columns, in.rows, in.c);
    if (in.after == After::relu) apply_relu(in.c, in.rows * in.columns);
  } else if (in.inner == 0) {
    if (!in.add) std::fill_n(in.c, in.rows * in.columns, T{0});
  } else if (is_small(in) || blas_has_narrower_vectors()) {
    multiply_with_kernels(in);
  } else {
    multiply_with_blas(in);
  }
}

}  // namespace

template <class T>
void gemm(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
          std::size_t inner, const T* a, const T* b, T beta, T* c) {
  multiply<T>({transpose_a, transpose_b, rows, columns, inner, a, b, beta != 0, nullptr, After::nothing, c});
}

template <class T>
void gemm_plus_bias(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
                    std::size_t inner, const T* a, const T* b, const T* bias, After after, T* c) {
  multiply<T>({transpose_a, transpose_b, rows, columns, inner, a, b, false, bias, after, c});
}

template <class T>
void gemm_alone(Transpose transpose_a, Transpose transpose_b, std::size_t rows, std::size_t columns,
                std::size_t inner, const T* a, const T* b, T beta, const T* bias, T* c, T* memory) {
  const Product<T> in{transpose_a, transpose_b, rows, columns,        inner, a,
                      b,           beta != 0,   bias, After::nothing, c};
  if (in.inner == 0) {
    for (std::size_t row = 0; row < rows && bias != nullptr; ++row)
      std::copy_n(bias, columns, c + row * columns);
    if (bias == nullptr && beta == 0) std::fill_n(c, rows * columns, T{0});
    return;
  }
  if (rows == 0 || columns == 0) return;
  const KernelBlocks<T> blocks(in);
  for (std::size_t block = 0; block < blocks.count(); ++block) blocks.multiply(block, {memory, nullptr});
}

std::size_t gemm_alone_memory(std::size_t inner) { return 32 * std::min(inner, longest_part); }

template void gemm(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const float*, const float*,
                   float, float*);
template void gemm(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const double*, const double*,
                   double, double*);
template void gemm_plus_bias(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const float*,
                             const float*, const float*, After, float*);
template void gemm_plus_bias(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const double*,
                             const double*, const double*, After, double*);
template void gemm_alone(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const float*,
                         const float*, float, const float*, float*, float*);
template void gemm_alone(Transpose, Transpose, std::size_t, std::size_t, std::size_t, const double*,
                         const double*, double, const double*, double*, double*);

}  // namespace xtape::kernels
