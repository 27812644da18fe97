// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstdint>

#include "arrays/format.hpp"
#include "arrays/slices.hpp"
#include "kernels/copy_runs.hpp"
#include "ops/axes.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/rearrange.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

template <class T>
Shape concatenated_shape(std::span<const Variable<T>> parts, std::size_t along) {
  const Shape& first = parts[0].shape();
  std::size_t extent = 0;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const Shape& shape = parts[part].shape();
    bool fits = shape.rank() == first.rank();
    for (std::size_t axis = 0; fits && axis < first.rank(); ++axis) {
      fits = axis == along || shape[axis] == first[axis];
    }
    if (!fits) {
      fail<ShapeError>("concatenate: parts[{}] must have the shape of parts[0] {} but along axis {}, got {}",
                       part, first, along, shape);
    }
    if (shape[along] > SIZE_MAX - extent)
      fail<ShapeError>("concatenate: parts must have fewer than 2^64 elements along axis {}", along);
    extent += shape[along];
  }
  Shape result;
  for (std::size_t axis = 0; axis < first.rank(); ++axis) result.append(axis == along ? extent : first[axis]);
  return result;
}

// Elements that stand together from one step along the axis before `along` to the next.
std::size_t run_length(const Shape& shape, std::size_t along) {
  std::size_t length = 1;
  for (std::size_t axis = along; axis < shape.rank(); ++axis) length *= shape[axis];
  return length;
}

}  // namespace

template <class T>
Variable<T> concatenate(std::span<const Variable<T>> parts, int axis) {
  if (parts.empty()) fail<ArgumentError>("concatenate: there must be at least one part, got none");
  const std::size_t along = resolve_axis("concatenate", axis, parts[0].shape());
  const Shape shape = concatenated_shape(parts, along);

  Recording<T> op("concatenate", parts);
  const ArrayView<T> y = op.output(shape);
  const std::size_t stride = run_length(shape, along);
  const std::size_t runs = stride == 0 ? 0 : shape.elements() / stride;
  std::size_t begin = 0;
  for (const Variable<T>& part : parts) {
    const std::size_t length = run_length(part.shape(), along);
    kernels::copy_runs(part.data(), length, runs, length, y.data() + begin, stride);
    begin += length;
  }

  return op.finish([stride, runs, along, count = parts.size()](Backward<T>& b) {
    std::size_t begin = 0;
    for (std::size_t part = 0; part < count; ++part) {
      const std::size_t length = run_length(b.input(part).shape(), along);
      if (b.needs_grad(part)) {
        const auto [dx, first] = b.contribution(part);
        const T* const dy = b.output_grad().data() + begin;
        if (first) {
          kernels::copy_runs(dy, stride, runs, length, dx.data(), length);
        } else {
          for (std::size_t r = 0; r < runs; ++r) {
            for (std::size_t i = 0; i < length; ++i) dx[r * length + i] += dy[r * stride + i];
          }
        }
      }
      begin += length;
    }
  });
}

template Variable<float> concatenate(std::span<const Variable<float>>, int);
template Variable<double> concatenate(std::span<const Variable<double>>, int);

}  // namespace xtape
#pragma GCC visibility pop
