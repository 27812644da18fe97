// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "arrays/format.hpp"
#include "arrays/slices.hpp"
#include "ops/axes.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/rearrange.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> slice(Variable<T> x, int axis, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const Shape& shape = x.shape();
  const std::size_t along = resolve_axis("slice", axis, shape);
  const auto extent = static_cast<std::ptrdiff_t>(shape[along]);
  const std::ptrdiff_t from = begin < 0 ? begin + extent : begin, to = end < 0 ? end + extent : end;
  if (from < 0 || from > to || to > extent) {
    fail<ShapeError>("slice: begin <= end must lie within axis {} of shape {}, got [{}, {})", axis, shape,
                     begin, end);
  }

  Shape result;
  std::size_t runs = 1, inner = 1;
  for (std::size_t a = 0; a < shape.rank(); ++a) {
    result.append(a == along ? static_cast<std::size_t>(to - from) : shape[a]);
    if (a < along) runs *= shape[a];
    if (a > along) inner *= shape[a];
  }
  const std::size_t start = static_cast<std::size_t>(from) * inner;
  const std::size_t length = static_cast<std::size_t>(to - from) * inner;
  if (length == 0) runs = 0;
  const std::size_t stride = shape[along] * inner;

  Recording<T> op("slice", {x});
  const ArrayView<T> y = op.output(result);
  for (std::size_t r = 0; r < runs; ++r)
    std::copy_n(x.data() + r * stride + start, length, y.data() + r * length);

  return op.finish([runs, start, length, stride](Backward<T>& b) {
    const ArrayView<T> dx = b.input_grad(0);
    const ArrayView<const T> dy = b.output_grad();
    for (std::size_t r = 0; r < runs; ++r) {
      for (std::size_t i = 0; i < length; ++i) dx[r * stride + start + i] += dy[r * length + i];
    }
  });
}

template Variable<float> slice(Variable<float>, int, std::ptrdiff_t, std::ptrdiff_t);
template Variable<double> slice(Variable<double>, int, std::ptrdiff_t, std::ptrdiff_t);

}  // namespace xtape
#pragma GCC visibility pop
