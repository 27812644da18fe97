// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/arrays/shape.hpp"

namespace xtape::kernels {

// An index space and, for each of N arrays, how far a step along each axis moves in it. Axes of extent 1
// are left out and neighbours that every array crosses evenly are merged, so that a dense array has
// rank 1. There is always at least one axis.
template <std::size_t N>
struct Nest {
  std::size_t rank = 0;
  std::size_t extent[Shape::max_rank];
  std::size_t stride[N][Shape::max_rank];

  // Adds an inner axis.
  void append(std::size_t length, const std::size_t (&step)[N]) {
    if (length == 1) return;
    if (rank > 0 && merges(length, step)) {
      extent[rank - 1] *= length;
      for (std::size_t a = 0; a < N; ++a) stride[a][rank - 1] = step[a];
      return;
    }
    extent[rank] = length;
    for (std::size_t a = 0; a < N; ++a) stride[a][rank] = step[a];
    ++rank;
  }

  // Adds an axis of one element to a space that has none.
  void close() {
    if (rank > 0) return;
    extent[0] = 1;
    for (std::size_t a = 0; a < N; ++a) stride[a][0] = 0;
    rank = 1;
  }

  std::size_t inner_extent() const { return extent[rank - 1]; }
  std::size_t elements_per_outermost() const {
    std::size_t elements = 1;
    for (std::size_t axis = 1; axis < rank; ++axis) elements *= extent[axis];
    return elements;
  }
  std::size_t elements() const { return extent[0] * elements_per_outermost(); }
  std::size_t inner_stride(std::size_t array) const { return stride[array][rank - 1]; }

 private:
  bool merges(std::size_t length, const std::size_t (&step)[N]) const {
    for (std::size_t a = 0; a < N; ++a) {
      if (stride[a][rank - 1] != length * step[a]) return false;
    }
    return true;
  }
};

// Calls row(offset) for every row along the innermost axis; offset[a] is where it begins in array a.
template <std::size_t N, class Row>
void for_each_row(const Nest<N>& nest, Row row) {
  for (std::size_t axis = 0; axis < nest.rank; ++axis) {
    if (nest.extent[axis] == 0) return;
  }
  std::size_t index[Shape::max_rank] = {};
  std::size_t offset[N] = {};
  for (;;) {
    row(offset);
    std::size_t axis = nest.rank - 1;
    for (;;) {
      if (axis == 0) return;
      --axis;
      for (std::size_t a = 0; a < N; ++a) offset[a] += nest.stride[a][axis];
      if (++index[axis] < nest.extent[axis]) break;
      for (std::size_t a = 0; a < N; ++a) offset[a] -= nest.extent[axis] * nest.stride[a][axis];
      index[axis] = 0;
    }
  }
}

// The same for the part [begin, end) of the outermost axis.
template <std::size_t N, class Row>
void for_each_row(const Nest<N>& nest, std::size_t begin, std::size_t end, Row row) {
  Nest<N> part = nest;
  part.extent[0] = end - begin;
  for_each_row(part, [&](const std::size_t(&start)[N]) {
    std::size_t offset[N];
    for (std::size_t a = 0; a < N; ++a) offset[a] = start[a] + begin * nest.stride[a][0];
    row(offset, part.inner_extent());
  });
}

// Calls element(offset) for every element.
template <std::size_t N, class Element>
void for_each_element(const Nest<N>& nest, Element element) {
  for_each_row(nest, [&](const std::size_t(&start)[N]) {
    std::size_t offset[N];
    for (std::size_t a = 0; a < N; ++a) offset[a] = start[a];
    for (std::size_t i = 0; i < nest.inner_extent(); ++i) {
      element(offset);
      for (std::size_t a = 0; a < N; ++a) offset[a] += nest.inner_stride(a);
    }
  });
}

// An index space cut in two: `kept` walks the elements of a reduced array, `reduced` the elements that go
// into each. The reduced array itself is array 0 of `kept`.
template <std::size_t N>
struct Reduction {
  Nest<N> kept;
  Nest<N> reduced;
  bool kept_is_innermost = true;
};

// The strides of a dense array of `shape`, seen from the axes of `space`: 0 along axes that it lacks or
// has with extent 1 (numpy's broadcasting, aligned at the last axis).
inline void broadcast_strides(const Shape& shape, const Shape& space,
                              std::size_t (&stride)[Shape::max_rank]) {
  std::size_t step = 1;
  for (std::size_t axis = space.rank(); axis-- > 0;) {
    const std::size_t lacking = space.rank() - shape.rank();
    const std::size_t extent = axis < lacking ? 1 : shape[axis - lacking];
    stride[axis] = extent == 1 ? 0 : step;
    step *= extent;
  }
}

template <std::size_t N>
Nest<N> make_nest(const Shape& space, const Shape* const (&shapes)[N]) {
  std::size_t strides[N][Shape::max_rank];
  for (std::size_t a = 0; a < N; ++a) broadcast_strides(*shapes[a], space, strides[a]);
  Nest<N> nest;
  for (std::size_t axis = 0; axis < space.rank(); ++axis) {
    std::size_t step[N];
    for (std::size_t a = 0; a < N; ++a) step[a] = strides[a][axis];
    nest.append(space[axis], step);
  }
  nest.close();
  return nest;
}

// `space` cut into the axes along which the first shape moves and those along which it stands still.
template <std::size_t N>
Reduction<N> make_reduction(const Shape& space, const Shape* const (&shapes)[N]) {
  const Nest<N> whole = make_nest(space, shapes);
  Reduction<N> reduction;
  for (std::size_t axis = 0; axis < whole.rank; ++axis) {
    std::size_t step[N];
    for (std::size_t a = 0; a < N; ++a) step[a] = whole.stride[a][axis];
    (step[0] != 0 ? reduction.kept : reduction.reduced).append(whole.extent[axis], step);
  }
  reduction.kept_is_innermost = whole.inner_stride(0) != 0;
  reduction.kept.close();
  reduction.reduced.close();
  return reduction;
}

}  // namespace xtape::kernels
