// SPDX-License-Identifier: BSD-3-Clause
// Products of matrices that are so small, or have so few rows or columns, that a BLAS takes longer to prepare
// than to multiply; where it knows only narrower vectors, of others too, a part at a time.
#include "kernels/product_kernels.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/relu.hpp"
#include "kernels/simd/sum_lanes.hpp"

namespace xtape::kernels {
namespace {

// Columns of b in groups of as many as a batch has lanes: element (k, j) of group g is at
// first[g * group + k * row + j].
template <class T>
struct ColumnGroups {
  const T* first;
  std::size_t group;
  std::size_t row;
};

// Rows of a: element k of row r is at first[r * row + k * inner].
template <class T>
struct RowsOfA {
  const T* first;
  std::size_t row, inner;
};

// Of so many rows the sums of two groups of columns stay in registers, or twice as many of one.
template <class T>
inline constexpr std::size_t rows_of_tile = sizeof(Batch<T>) == 64 ? 8 : 4;

// Some rows of c from row i on, in some neighbouring groups of columns, which begin at column j and at b;
// `count` is All, or how many columns there are in the last group.
template <std::size_t rows, std::size_t groups, class T, class Count>
XTAPE_INLINE void multiply_tile(const SmallProduct<T>& in, RowsOfA<T> a, const ColumnGroups<T>& b,
                                std::size_t i, std::size_t j, Count count) {
  using B = Batch<T>;
  B sum[rows][groups];
  for (std::size_t r = 0; r < rows; ++r) {
    const T* const start = in.bias != nullptr ? in.bias + j : in.c + (i + r) * in.c_row + j;
    const bool is_zero = in.bias == nullptr && !in.add;
    for (std::size_t v = 0; v < groups; ++v)
      sum[r][v] = is_zero ? B(T{0}) : load_some<B>(start + v * lanes<T>, count, T{0});
  }
  const T* row = b.first;
  for (std::size_t k = 0; k < in.inner; ++k, a.first += a.inner, row += b.row) {
    B factor[groups];
    for (std::size_t v = 0; v < groups; ++v) factor[v] = load<B>(row + v * b.group);
    for (std::size_t r = 0; r < rows; ++r) {
      const B same(a.first[r * a.row]);
      for (std::size_t v = 0; v < groups; ++v) sum[r][v] = multiply_add(same, factor[v], sum[r][v]);
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t v = 0; v < groups; ++v) {
      const B result = in.relu ? ReluFunction::value(sum[r][v]) : sum[r][v];
      store_some(result, in.c + (i + r) * in.c_row + j + v * lanes<T>, count);
    }
  }
}

// The same for all rows from row i on.
template <std::size_t rows, std::size_t groups, class T, class Count>
void multiply_groups(const SmallProduct<T>& in, const ColumnGroups<T>& b, std::size_t i, std::size_t j,
                     Count count) {
  for (; i + rows <= in.rows; i += rows) {
    const RowsOfA<T> a{in.a + i * in.a_row, in.a_row, in.a_inner};
    multiply_tile<rows, groups>(in, a, b, i, j, count);
  }
  if constexpr (rows > 1) multiply_groups<rows / 2, groups>(in, b, i, j, count);
}

// The rows of a, as many together as a batch has lanes, for all columns.
template <class T>
void bring_rows_together(const SmallProduct<T>& in) {
  for (std::size_t i = 0; i + lanes<T> <= in.rows; i += lanes<T>) {
    const T* const a = in.a + i * in.a_row;
    T* const together = in.rows_together + i * in.inner;
    if (in.a_row != 1) {
      rows_to_lanes(a, in.a_row, lanes<T>, in.inner, together);
    } else {
      for (std::size_t k = 0; k < in.inner; ++k)
        store(load<Batch<T>>(a + k * in.a_inner), together + k * lanes<T>);
    }
  }
}

// All rows in two groups of columns, where those of a may have been brought together.
template <class T>
void multiply_two_groups(const SmallProduct<T>& in, const ColumnGroups<T>& b, std::size_t j) {
  constexpr std::size_t rows = rows_of_tile<T>;
  std::size_t i = 0;
  if constexpr (lanes<T> >= rows) {
    for (; in.rows_together != nullptr && i + lanes<T> <= in.rows; i += lanes<T>) {
      for (std::size_t r = 0; r < lanes<T>; r += rows) {
        const RowsOfA<T> a{in.rows_together + i * in.inner + r, 1, lanes<T>};
        multiply_tile<rows, 2>(in, a, b, i + r, j, All());
      }
    }
  }
  multiply_groups<rows, 2>(in, b, i, j, All());
}

// Two groups of columns of b (inner, columns) from column j on, together if many rows are to read them.
template <class T>
ColumnGroups<T> two_groups(const SmallProduct<T>& in, std::size_t j) {
  constexpr std::size_t many_rows = 32, width = 2 * lanes<T>;
  if (in.rows < many_rows) return {in.b + j, lanes<T>, in.b_row};
  for (std::size_t k = 0; k < in.inner; ++k)
    std::memcpy(in.groups + k * width, in.b + k * in.b_row + j, width * sizeof(T));
  return {in.groups, lanes<T>, width};
}

// For b (inner, columns): the last columns, where they do not fill a group, are copied to one that is whole.
template <class T>
void multiply_by_columns(const SmallProduct<T>& in) {
  std::size_t j = 0;
  for (; j + 2 * lanes<T> <= in.columns; j += 2 * lanes<T>) multiply_two_groups(in, two_groups(in, j), j);
  if (j + lanes<T> <= in.columns) {
    multiply_groups<2 * rows_of_tile<T>, 1>(in, ColumnGroups<T>{in.b + j, 0, in.b_row}, 0, j, All());
    j += lanes<T>;
  }
  if (j == in.columns) return;
  for (std::size_t k = 0; k < in.inner; ++k)
    store(load_partly<Batch<T>>(in.b + k * in.b_row + j, in.columns - j, T{0}), in.groups + k * lanes<T>);
  multiply_groups<2 * rows_of_tile<T>, 1>(in, ColumnGroups<T>{in.groups, 0, lanes<T>}, 0, j, in.columns - j);
}

// For b^T (columns, inner): a few groups of columns at a time are brought together.
template <class T>
void multiply_by_rows(const SmallProduct<T>& in) {
  const std::size_t group = in.inner * lanes<T>;
  const ColumnGroups<T> b{in.groups, group, lanes<T>};
  std::size_t j = 0;
  for (; j + 2 * lanes<T> <= in.columns; j += 2 * lanes<T>) {
    for (std::size_t g = 0; g < 2; ++g)
      rows_to_lanes(in.b + (j + g * lanes<T>)*in.b_row, in.b_row, lanes<T>, in.inner, in.groups + g * group);
    multiply_two_groups(in, b, j);
  }
  for (; j < in.columns; j += lanes<T>) {
    const std::size_t left = in.columns - j;
    rows_to_lanes(in.b + j * in.b_row, in.b_row, left < lanes<T> ? left : lanes<T>, in.inner, in.groups);
    if (left < lanes<T>) {
      multiply_groups<2 * rows_of_tile<T>, 1>(in, b, 0, j, left);
    } else {
      multiply_groups<2 * rows_of_tile<T>, 1>(in, b, 0, j, All());
    }
  }
}

// Adds to each sum the products of the elements k, k + 1, ... of a row of a and a row of b.
template <std::size_t rows, std::size_t columns, class T, class Count>
XTAPE_INLINE void add_products(const T* a, std::size_t a_row, const T* b, std::size_t b_row, std::size_t k,
                               Count count, Batch<T> (&sum)[rows * columns]) {
  Batch<T> factor[rows];
  for (std::size_t r = 0; r < rows; ++r) factor[r] = load_some<Batch<T>>(a + r * a_row + k, count, T{0});
  for (std::size_t c = 0; c < columns; ++c) {
    const Batch<T> other = load_some<Batch<T>>(b + c * b_row + k, count, T{0});
    for (std::size_t r = 0; r < rows; ++r)
      sum[r * columns + c] = multiply_add(factor[r], other, sum[r * columns + c]);
  }
}

// Some rows of c from row i on, in some columns from j on: each element is the product of two rows.
template <std::size_t rows, std::size_t columns, class T>
XTAPE_INLINE void multiply_rows_by_rows(const SmallProduct<T>& in, std::size_t i, std::size_t j) {
  const T *const a = in.a + i * in.a_row, *const b = in.b + j * in.b_row;
  const std::size_t inner = in.inner, a_row = in.a_row, b_row = in.b_row;
  Batch<T> sum[rows * columns];
  for (std::size_t s = 0; s < rows * columns; ++s) sum[s] = Batch<T>(T{0});
  std::size_t k = 0;
  for (; k + lanes<T> <= inner; k += lanes<T>) add_products<rows, columns>(a, a_row, b, b_row, k, All(), sum);
  if (k < inner) add_products<rows, columns>(a, a_row, b, b_row, k, inner - k, sum);
  T sums[rows * columns];
  sum_lanes(sum, sums);
  for (std::size_t r = 0; r < rows; ++r) {
    T* const c = in.c + (i + r) * in.c_row + j;
    if (in.bias != nullptr || in.add) {
      const T* const start = in.bias != nullptr ? in.bias + j : c;
      for (std::size_t v = 0; v < columns; ++v) sums[r * columns + v] += start[v];
    }
    std::memcpy(c, sums + r * columns, columns * sizeof(T));
  }
}

template <std::size_t rows, class T>
void multiply_rows_by_rows(const SmallProduct<T>& in, std::size_t i) {
  constexpr std::size_t sums = rows == 4 && sizeof(Batch<T>) == 64 ? 16 : 8;  // in registers
  constexpr std::size_t together = sums / rows;
  std::size_t j = 0;
  for (; j + together <= in.columns; j += together) multiply_rows_by_rows<rows, together>(in, i, j);
  for (; j + 2 <= in.columns; j += 2) multiply_rows_by_rows<rows, 2>(in, i, j);
  for (; j < in.columns; ++j) multiply_rows_by_rows<rows, 1>(in, i, j);
}

// With few columns, at most half as many as a batch has lanes, the lanes are rows.
template <class T>
inline constexpr std::size_t few_columns = lanes<T> / 2;

// With few rows, or with about as few columns, bringing those of b or a together would take too much of the
// time.
template <class T>
bool is_of_few_long_rows(const SmallProduct<T>& in) {
  constexpr std::size_t few = few_columns<T>, fewer_columns = few > 3 ? few - 1 : 2, long_row = 64;
  if (!in.b_is_transposed || in.a_inner != 1) return false;
  return in.rows <= few_rows || (in.rows <= 16 && in.inner >= 16 * lanes<T>) ||
         (in.columns <= fewer_columns && in.inner >= long_row);
}

template <class T>
void multiply_long_rows(const SmallProduct<T>& in) {
  std::size_t i = 0;
  for (; i + 4 <= in.rows && in.rows > few_rows; i += 4) multiply_rows_by_rows<4>(in, i);
  for (; i + 2 <= in.rows; i += 2) multiply_rows_by_rows<2>(in, i);
  if (i < in.rows) multiply_rows_by_rows<1>(in, i);
}

// Some columns from column j on of as many rows as a batch has lanes, whose elements k are at a + k * step.
template <std::size_t columns, class T>
void multiply_lanes(const SmallProduct<T>& in, const T* a, std::size_t step, std::size_t j, T* c) {
  const std::size_t b_inner = in.b_is_transposed ? 1 : in.b_row, b_column = in.b_is_transposed ? in.b_row : 1;
  for (; j + columns <= in.columns; j += columns) {
    Batch<T> sum[columns];
    for (std::size_t v = 0; v < columns; ++v) sum[v] = Batch<T>(in.bias == nullptr ? T{0} : in.bias[j + v]);
    const T* b = in.b + j * b_column;
    for (std::size_t k = 0; k < in.inner; ++k, b += b_inner) {
      const Batch<T> rows = load<Batch<T>>(a + k * step);
      for (std::size_t v = 0; v < columns; ++v)
        sum[v] = multiply_add(rows, Batch<T>(b[v * b_column]), sum[v]);
    }
    for (std::size_t v = 0; v < columns; ++v) store(sum[v], c + (j + v) * lanes<T>);
  }
  if constexpr (columns > 1) multiply_lanes<columns / 2>(in, a, step, j, c);
}

template <class T>
void multiply_few_columns(const SmallProduct<T>& in) {
  for (std::size_t i = 0; i < in.rows; i += lanes<T>) {
    const std::size_t left = in.rows - i, count = left < lanes<T> ? left : lanes<T>;
    const T* a = in.groups;
    std::size_t step = lanes<T>;
    if (in.a_row != 1) {
      rows_to_lanes(in.a + i * in.a_row, in.a_row, count, in.inner, in.groups);
    } else if (count == lanes<T>) {
      a = in.a + i;
      step = in.a_inner;
    } else {
      for (std::size_t k = 0; k < in.inner; ++k)
        store(load_partly<Batch<T>>(in.a + i + k * in.a_inner, count, T{0}), in.groups + k * lanes<T>);
    }
    T* const c = in.c + i * in.c_row;
    const bool is_dense = in.c_row == in.columns && !in.add;
    T by_columns[few_columns<T> * lanes<T>], by_rows[few_columns<T> * lanes<T>];
    multiply_lanes<few_columns<T>>(in, a, step, 0, by_columns);
    lanes_to_rows<few_columns<T>>(by_columns, count, in.columns, is_dense ? c : by_rows);
    for (std::size_t r = 0; r < count && !is_dense; ++r) {
      for (std::size_t j = 0; j < in.columns; ++j) {
        T& to = c[r * in.c_row + j];
        to = by_rows[r * in.columns + j] + (in.add ? to : T{0});
      }
    }
  }
}

// Of what was not stored a batch at a time.
template <class T>
void apply_relu_to_result(const SmallProduct<T>& in) {
  for (std::size_t i = 0; i < in.rows && in.relu; ++i) {
    T* const c = in.c + i * in.c_row;
    for_each_batch<T>(in.columns, [&](std::size_t j, auto count) {
      store_some(ReluFunction::value(load_some<Batch<T>>(c + j, count, T{0})), c + j, count);
    });
  }
}

template <class T>
void multiply_small(const SmallProduct<T>& in) {
  if (is_of_few_long_rows(in)) {
    multiply_long_rows(in);
    return apply_relu_to_result(in);
  }
  if (in.columns <= few_columns<T>) {
    multiply_few_columns(in);
    return apply_relu_to_result(in);
  }
  if (in.rows_together != nullptr) bring_rows_together(in);
  if (in.b_is_transposed) {
    multiply_by_rows(in);
  } else {
    multiply_by_columns(in);
  }
}

}  // namespace

XTAPE_KERNEL(MultiplySmall, multiply_small<T>);

}  // namespace xtape::kernels
