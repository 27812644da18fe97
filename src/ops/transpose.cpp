// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>

#include "arrays/format.hpp"
#include "arrays/slices.hpp"
#include "kernels/broadcast.hpp"
#include "kernels/transpose_kernels.hpp"
#include "ops/axes.hpp"
#include "ops/permute.hpp"
#include "ops/unchanged.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/rearrange.hpp"

namespace xtape {

namespace {

// Which arrays of a nest are written and read.
struct Direction {
  std::size_t to, from;
};

// The axis along which an array is dense.
std::size_t dense_axis(const kernels::Nest<2>& nest, std::size_t array) {
  std::size_t axis = 0;
  while (axis + 1 < nest.rank && nest.stride[array][axis] != 1) ++axis;
  return axis;
}

// To and from elements that neighbour each other in both arrays.
template <class T>
void copy_rows(const kernels::Nest<2>& nest, Direction direction, const T* from, T* to, bool add) {
  kernels::for_each_row_in_parallel(nest, [=](const std::size_t(&at)[2], std::size_t count) {
    T* const row = to + at[direction.to];
    const T* const moved = from + at[direction.from];
    for (std::size_t i = 0; i < count; ++i) row[i] = add ? row[i] + moved[i] : moved[i];
  });
}

// The longer side of the matrices is cut, for several threads.
template <class T>
void transpose_matrices(const kernels::Nest<2>& nest, Direction direction, std::size_t row_axis,
                        std::size_t column_axis, const T* from, T* to, bool add) {
  kernels::Nest<2> matrices;
  for (std::size_t axis = 0; axis < nest.rank; ++axis) {
    if (axis != row_axis && axis != column_axis)
      matrices.append(nest.extent[axis], {nest.stride[0][axis], nest.stride[1][axis]});
  }
  matrices.close();

  constexpr std::size_t strip = 64;  // the ranges are multiples of it, and so lie on whole lines of memory
  const std::size_t rows = nest.extent[row_axis], row_step = nest.stride[direction.from][row_axis];
  const std::size_t columns = nest.extent[column_axis], column_step = nest.stride[direction.to][column_axis];
  const std::size_t of_each = std::max<std::size_t>(1, matrices.elements() * std::min(rows, columns));
  const auto& transpose = kernels::kernel<kernels::Transposition, T>();
  parallel_for_ranges(std::max(rows, columns), std::max(strip, products_per_block / of_each / strip * strip),
                      [&](std::size_t begin, std::size_t end) {
                        kernels::for_each_element(matrices, [&](const std::size_t(&at)[2]) {
                          const T* const source = from + at[direction.from];
                          T* const target = to + at[direction.to];
                          if (rows > columns) {
                            transpose(source + begin * row_step, row_step, end - begin, columns,
                                      target + begin, column_step, add);
                          } else {
                            transpose(source + begin, row_step, rows, end - begin,
                                      target + begin * column_step, column_step, add);
                          }
                        });
                      });
}

// to = from, or adds it, for every element of a permutation.
template <class T>
void permute_elements(const kernels::Nest<2>& nest, Direction direction, const T* from, T* to, bool add) {
  const std::size_t row_axis = dense_axis(nest, direction.to), column_axis = dense_axis(nest, direction.from);
  if (row_axis == column_axis) {
    copy_rows(nest, direction, from, to, add);
  } else {
    transpose_matrices(nest, direction, row_axis, column_axis, from, to, add);
  }
}

}  // namespace

template <class T>
Variable<T> permute(const char* name, Variable<T> x, const std::array<std::size_t, Shape::max_rank>& order) {
  const Shape& shape = x.shape();
  bool identity = true;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) identity = identity && order[axis] == axis;
  if (identity) return unchanged(name, x);

  // Walks the result in order (array 0) and x by its own strides (array 1).
  std::size_t in_stride[Shape::max_rank], out_stride[Shape::max_rank];
  Shape result;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) result.append(shape[order[axis]]);
  kernels::broadcast_strides(shape, shape, in_stride);
  kernels::broadcast_strides(result, result, out_stride);
  kernels::Nest<2> nest;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    nest.append(result[axis], {out_stride[axis], in_stride[order[axis]]});
  }
  nest.close();

  Recording<T> op(name, {x});
  const ArrayView<T> y = op.output(result);
  permute_elements(nest, {0, 1}, x.data(), y.data(), false);

  return op.finish([nest](Backward<T>& b) {
    const auto [dx, first] = b.contribution(0);
    permute_elements(nest, {1, 0}, b.output_grad().data(), dx.data(), !first);
  });
}

template Variable<float> permute(const char*, Variable<float>,
                                 const std::array<std::size_t, Shape::max_rank>&);
template Variable<double> permute(const char*, Variable<double>,
                                  const std::array<std::size_t, Shape::max_rank>&);

#pragma GCC visibility push(default)

template <class T>
Variable<T> transpose(Variable<T> x) {
  std::array<std::size_t, Shape::max_rank> order{};
  for (std::size_t axis = 0; axis < x.shape().rank(); ++axis) order[axis] = x.shape().rank() - 1 - axis;
  return permute("transpose", x, order);
}

template <class T>
Variable<T> transpose(Variable<T> x, std::initializer_list<int> axes) {
  const Shape& shape = x.shape();
  std::array<std::size_t, Shape::max_rank> order{};
  std::array<bool, Shape::max_rank> seen{};
  std::size_t next = 0;
  for (const int axis : axes) {
    const std::size_t resolved = resolve_axis("transpose", axis, shape);
    if (seen[resolved]) fail<ArgumentError>("transpose: axes must be distinct, got axis {} twice", axis);
    seen[resolved] = true;
    order[next++] = resolved;
  }
  if (next != shape.rank()) {
    fail<ArgumentError>("transpose: axes must name all {} axes of shape {}, got {}", shape.rank(), shape,
                        next);
  }
  return permute("transpose", x, order);
}

template Variable<float> transpose(Variable<float>);
template Variable<double> transpose(Variable<double>);
template Variable<float> transpose(Variable<float>, std::initializer_list<int>);
template Variable<double> transpose(Variable<double>, std::initializer_list<int>);

#pragma GCC visibility pop
}  // namespace xtape
