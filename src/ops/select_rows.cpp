// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "arrays/format.hpp"
#include "arrays/index_range.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/rearrange.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> select_rows(Variable<T> x, Indices indices) {
  const Shape& shape = x.shape();
  if (shape.rank() == 0) fail<ShapeError>("select_rows: x must have rows, got a scalar");
  Shape result = indices.shape();
  std::size_t width = 1;
  for (std::size_t axis = 1; axis < shape.rank(); ++axis) {
    result.append(shape[axis]);
    width *= shape[axis];
  }

  Recording<T> op("select_rows", {x});
  const ArrayView<std::int64_t> rows = op.template save<std::int64_t>(indices.shape());
  indices.copy_to(rows);
  require_indices("select_rows", "indices", rows,
                  {.noun = "rows", .count = shape[0], .array = "x", .shape = shape});
  const ArrayView<T> y = op.output(result);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(x.data() + static_cast<std::size_t>(rows[i]) * width, width, y.data() + i * width);
  }

  return op.finish([rows, width](Backward<T>& b) {
    const ArrayView<T> dx = b.input_grad(0);
    const ArrayView<const T> dy = b.output_grad();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      T* row = dx.data() + static_cast<std::size_t>(rows[i]) * width;
      for (std::size_t j = 0; j < width; ++j) row[j] += dy[i * width + j];
    }
  });
}

template Variable<float> select_rows(Variable<float>, Indices);
template Variable<double> select_rows(Variable<double>, Indices);

}  // namespace xtape
#pragma GCC visibility pop
