// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "arrays/format.hpp"
#include "arrays/index_range.hpp"
#include "kernels/copy_runs.hpp"
#include "kernels/prefetch.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/rearrange.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

// Calls work(where it lies in an array of these rows alone, where it lies in the table) for each of some rows
// of a table. Of one that no near cache holds, they are fetched first.
template <class T, class Work>
void for_each_selected_row(ArrayView<const T> table, std::size_t width, ArrayView<const std::int64_t> rows,
                           Work work) {
  constexpr std::size_t rows_at_once = 64, near = std::size_t{1} << 22;
  const bool is_far = table.size() * sizeof(T) > near;
  for (std::size_t begin = 0; begin < rows.size(); begin += rows_at_once) {
    const std::size_t end = std::min(rows.size(), begin + rows_at_once);
    const auto offset = [&](std::size_t i) { return static_cast<std::size_t>(rows[i]) * width; };
    for (std::size_t i = begin; i < end && is_far; ++i) kernels::prefetch(table.data() + offset(i), width);
    for (std::size_t i = begin; i < end; ++i) work(i * width, offset(i));
  }
}

}  // namespace

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
  kernels::with_copy_of<T>(width, [&](auto copy) {
    for_each_selected_row(x.values(), width, rows,
                          [&](std::size_t to, std::size_t from) { copy(x.data() + from, y.data() + to); });
  });

  return op.finish([rows, width](Backward<T>& b) {
    const ArrayView<T> dx = b.input_grad(0, rows);
    const ArrayView<const T> dy = b.output_grad();
    for_each_selected_row(ArrayView<const T>(dx), width, rows, [&](std::size_t from, std::size_t to) {
      for (std::size_t j = 0; j < width; ++j) dx[to + j] += dy[from + j];
    });
  });
}

template Variable<float> select_rows(Variable<float>, Indices);
template Variable<double> select_rows(Variable<double>, Indices);

}  // namespace xtape
#pragma GCC visibility pop
