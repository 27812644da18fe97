// SPDX-License-Identifier: BSD-3-Clause
// What a convolution multiplies: the rows of its matrix are the image itself, each time from another place
// on.
#include <algorithm>

#include "kernels/convolution_kernels.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/sum_lanes.hpp"

namespace xtape::kernels {
namespace {

template <class T>
struct ShiftedProduct {
  std::size_t rows, columns, inner;
  const T *a, *b;
  const std::size_t* shifts;
  const T* bias;
  T* c;
};

// Of so many rows the sums stay in registers, for two batches of columns, or more where there are fewer rows.
template <class T>
inline constexpr std::size_t most_rows_of_sums = sizeof(Batch<T>) == 64 ? 8 : 4;

// Some rows of c from row i on, in some batches of columns from column j on. A function of its own, whose
// loop has all registers.
template <std::size_t rows, std::size_t batches, class T>
[[gnu::noinline]] void multiply_shifted_tile(const ShiftedProduct<T>& in, std::size_t i, std::size_t j) {
  using B = Batch<T>;
  B sum[rows][batches];
  for (std::size_t r = 0; r < rows; ++r) {
    const B start(in.bias == nullptr ? T{0} : in.bias[i + r]);
    for (std::size_t v = 0; v < batches; ++v) sum[r][v] = start;
  }
  const std::size_t inner = in.inner;
  const T *a = in.a + i * inner, *const b = in.b + j;
  for (const std::size_t *shift = in.shifts, *const end = shift + inner; shift != end; ++shift, ++a) {
    B factor[batches];
    for (std::size_t v = 0; v < batches; ++v) factor[v] = load<B>(b + *shift + v * lanes<T>);
    for (std::size_t r = 0; r < rows; ++r) {
      const B same(a[r * inner]);
      for (std::size_t v = 0; v < batches; ++v) sum[r][v] = multiply_add(same, factor[v], sum[r][v]);
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t v = 0; v < batches; ++v)
      store(sum[r][v], in.c + (i + r) * in.columns + j + v * lanes<T>);
  }
}

// The same in all columns from column j on.
template <std::size_t rows, std::size_t batches, class T>
void multiply_shifted_rows(const ShiftedProduct<T>& in, std::size_t i, std::size_t j) {
  for (; j + batches * lanes<T> <= in.columns; j += batches * lanes<T>)
    multiply_shifted_tile<rows, batches>(in, i, j);
  if constexpr (batches > 1) multiply_shifted_rows<rows, batches / 2>(in, i, j);
}

// The same for all rows from row i on.
template <std::size_t rows, class T>
void multiply_shifted_from(const ShiftedProduct<T>& in, std::size_t i) {
  for (; i + rows <= in.rows; i += rows)
    multiply_shifted_rows<rows, 2 * most_rows_of_sums<T> / rows>(in, i, 0);
  if constexpr (rows > 1) multiply_shifted_from<rows / 2>(in, i);
}

template <class T>
void multiply_shifted(std::size_t rows, std::size_t columns, std::size_t inner, const T* a, const T* b,
                      const std::size_t* shifts, const T* bias, T* c) {
  multiply_shifted_from<most_rows_of_sums<T>>(ShiftedProduct<T>{rows, columns, inner, a, b, shifts, bias, c},
                                              0);
}

template <class T>
struct ShiftedGradient {
  std::size_t samples, rows, columns, inner;
  const T *a, *b;
  std::size_t to_next;
  const std::size_t* shifts;
  bool add;
  T* c;
};

// Some rows of a from row i on times some of the matrix from row k on.
template <std::size_t rows, std::size_t others, class T>
[[gnu::noinline]] void multiply_by_shifted_rows(const ShiftedGradient<T>& in, std::size_t i, std::size_t k) {
  using B = Batch<T>;
  B sum[rows][others];
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t o = 0; o < others; ++o) sum[r][o] = B(T{0});
  }
  const T *a = in.a + i * in.columns, *b = in.b;
  for (std::size_t sample = 0; sample < in.samples; ++sample, a += in.rows * in.columns, b += in.to_next) {
    for (std::size_t j = 0; j < in.columns; j += lanes<T>) {
      // The fewer of the two are in registers beside the sums, the others one after the other.
      if constexpr (rows <= others) {
        B factor[rows];
        for (std::size_t r = 0; r < rows; ++r) factor[r] = load<B>(a + r * in.columns + j);
        for (std::size_t o = 0; o < others; ++o) {
          const B other = load<B>(b + in.shifts[k + o] + j);
          for (std::size_t r = 0; r < rows; ++r) sum[r][o] = multiply_add(factor[r], other, sum[r][o]);
        }
      } else {
        B other[others];
        for (std::size_t o = 0; o < others; ++o) other[o] = load<B>(b + in.shifts[k + o] + j);
#pragma GCC unroll 8  // or GCC 12 keeps the sums in memory
        for (std::size_t r = 0; r < rows; ++r) {
          const B factor = load<B>(a + r * in.columns + j);
          for (std::size_t o = 0; o < others; ++o) sum[r][o] = multiply_add(factor, other[o], sum[r][o]);
        }
      }
    }
  }
  B all[rows * others];
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(sum[r], others, all + r * others);
  T sums[rows * others];
  sum_lanes(all, sums);
  for (std::size_t r = 0; r < rows; ++r) {
    T* const c = in.c + (i + r) * in.inner + k;
    for (std::size_t o = 0; o < others; ++o) c[o] = (in.add ? c[o] : T{0}) + sums[r * others + o];
  }
}

// The same with all of the matrix from row k on.
template <std::size_t rows, std::size_t others, class T>
void multiply_by_all_shifted(const ShiftedGradient<T>& in, std::size_t i, std::size_t k) {
  for (; k + others <= in.inner; k += others) multiply_by_shifted_rows<rows, others>(in, i, k);
  if constexpr (others > 1) multiply_by_all_shifted<rows, others / 2>(in, i, k);
}

// The same for all rows from row i on.
template <std::size_t rows, class T>
void multiply_by_shifted_from(const ShiftedGradient<T>& in, std::size_t i) {
  constexpr std::size_t sums = sizeof(Batch<T>) == 64 ? 24 : 12;  // in registers
  for (; i + rows <= in.rows; i += rows) multiply_by_all_shifted<rows, sums / rows>(in, i, 0);
  if constexpr (rows > 1) multiply_by_shifted_from<rows / 2>(in, i);
}

template <class T>
void multiply_by_shifted(std::size_t samples, std::size_t rows, std::size_t columns, std::size_t inner,
                         const T* a, const T* b, std::size_t to_next, const std::size_t* shifts, bool add,
                         T* c) {
  multiply_by_shifted_from<4>(
      ShiftedGradient<T>{samples, rows, columns, inner, a, b, to_next, shifts, add, c}, 0);
}

}  // namespace

XTAPE_KERNEL(MultiplyShifted, {multiply_shifted<T>, multiply_by_shifted<T>});

}  // namespace xtape::kernels
