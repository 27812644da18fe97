// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/batches.hpp"

#include <algorithm>
#include <utility>

#include "arrays/format.hpp"
#include "data/row_numbers.hpp"

#pragma GCC visibility push(default)
namespace xtape::data {
namespace {

Shape taken_shape(const Shape& shape, std::span<const std::size_t> rows) {
  if (shape.rank() == 0) fail<ShapeError>("take_rows: array must have rows, got a scalar");
  require_rows("take_rows", "rows", rows, shape[0], "rows of array", shape);
  Shape result{rows.size()};
  for (std::size_t axis = 1; axis < shape.rank(); ++axis) result.append(shape[axis]);
  return result;
}

template <class Element>
void gather(ArrayView<const Element> array, std::span<const std::size_t> rows, ArrayView<Element> taken) {
  const std::size_t width = rows.empty() ? 0 : taken.size() / rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(array.data() + rows[i] * width, width, taken.data() + i * width);
  }
}

}  // namespace

Batches::Batches(std::vector<std::size_t> rows, std::size_t batch_size)
    : rows_(std::move(rows)), batch_size_(batch_size) {
  if (batch_size == 0) fail<ArgumentError>("Batches: batch_size must be at least 1, got 0");
}

std::span<const std::size_t> Batches::operator[](std::size_t batch) const& {
  if (batch >= size())
    fail<ArgumentError>("Batches: batch must be below the {} batches, got {}", size(), batch);
  const std::size_t begin = batch * batch_size_;
  return std::span<const std::size_t>(rows_).subspan(begin, std::min(batch_size_, rows_.size() - begin));
}

NamedArrays Batches::state() const {
  Array<std::uint64_t> rows(Shape{rows_.size()});
  std::copy(rows_.begin(), rows_.end(), rows.begin());
  NamedArrays state;
  state.add("rows", AnyArray(std::move(rows)));
  return state;
}

void Batches::load_state(const NamedArrays& state) {
  std::vector<std::size_t> rows = rows_of_state("Batches::load_state", state, rows_.size());
  std::vector<std::size_t> theirs = rows, ours = rows_;
  std::sort(theirs.begin(), theirs.end());
  std::sort(ours.begin(), ours.end());
  if (theirs != ours) {
    fail<ArgumentError>("Batches::load_state: 'rows' must be the {} rows here in some order, got others",
                        ours.size());
  }
  rows_ = std::move(rows);
}

template <class T>
Variable<T> take_rows(Tape<T>& tape, const ArrayInput<std::type_identity_t<T>>& array,
                      std::span<const std::size_t> rows) {
  const Shape shape = taken_shape(array.shape(), rows);
  Recording<T> op("take_rows", tape);
  gather<T>(array, rows, op.output(shape));
  return op.finish();
}

template <class T>
ArrayView<const std::int64_t> take_rows(Tape<T>& tape, const ArrayInput<std::int64_t>& array,
                                        std::span<const std::size_t> rows) {
  const auto taken = tape.template allocate<std::int64_t>(taken_shape(array.shape(), rows));
  gather<std::int64_t>(array, rows, taken);
  return taken;
}

template Variable<float> take_rows(Tape<float>&, const ArrayInput<float>&, std::span<const std::size_t>);
template Variable<double> take_rows(Tape<double>&, const ArrayInput<double>&, std::span<const std::size_t>);
template ArrayView<const std::int64_t> take_rows(Tape<float>&, const ArrayInput<std::int64_t>&,
                                                 std::span<const std::size_t>);
template ArrayView<const std::int64_t> take_rows(Tape<double>&, const ArrayInput<std::int64_t>&,
                                                 std::span<const std::size_t>);

}  // namespace xtape::data
#pragma GCC visibility pop
