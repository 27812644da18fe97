// SPDX-License-Identifier: BSD-3-Clause
#include <array>

#include "arrays/format.hpp"
#include "arrays/slices.hpp"
#include "kernels/nest.hpp"
#include "ops/axes.hpp"
#include "ops/permute.hpp"
#include "ops/unchanged.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/rearrange.hpp"

namespace xtape {

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
  kernels::for_each_element(nest, [&](const std::size_t(&at)[2]) { y[at[0]] = x.data()[at[1]]; });

  return op.finish([nest](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    T* dx = grad.data();
    const T* dy = b.output_grad().data();
    kernels::for_each_element(nest, [=, first = first](const std::size_t(&at)[2]) {
      dx[at[1]] = first ? dy[at[0]] : dx[at[1]] + dy[at[0]];
    });
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
