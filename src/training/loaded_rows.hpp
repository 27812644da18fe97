// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "arrays/format.hpp"
#include "arrays/with_rows_before.hpp"
#include "threads/thread_pool.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/data/row_stream.hpp"
#include "xtape/data/rows.hpp"
#include "xtape/training/targets.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// A shape with that many rows.
inline Shape with_rows(const Shape& shape, std::size_t rows) {
  Shape result{rows};
  for (std::size_t axis = 1; axis < shape.rank(); ++axis) result.append(shape[axis]);
  return result;
}

// Whether threads help to copy what is in memory.
enum class Copy { alone, shared };

// An array that keeps its memory for the next one.
template <class U>
class ReusedArray {
 public:
  // So many rows of those; their elements are what they were.
  ArrayView<U> resize(const Shape& of_all, std::size_t rows) {
    const Shape shape = with_rows(of_all, rows);
    if (shape.elements() > memory_.size()) memory_ = Array<U>(Shape{shape.elements()});
    return view_ = {memory_.data(), shape};
  }

  void read(const data::Rows<U>& source, std::span<const std::size_t> rows, Copy copy = Copy::alone) {
    const ArrayView<U> to = resize(source.shape(), rows.size());
    if (copy == Copy::alone || !source.in_memory()) return source.read_rows(rows, {to.data(), to.size()});
    const std::size_t width = source.width();
    const std::size_t together =
        std::max<std::size_t>(1, exponentials_per_block / std::max<std::size_t>(1, width));
    parallel_for_ranges(rows.size(), together, [&](std::size_t begin, std::size_t end) {
      source.read_rows(rows.subspan(begin, end - begin), {to.data() + begin * width, (end - begin) * width});
    });
  }

  ArrayView<U> view() const { return view_; }

 private:
  Array<U> memory_;
  ArrayView<U> view_;
};

// What each row of a stream is. Shapes begin with a number of rows, which means nothing.
struct RowFormat {
  template <class T>
  RowFormat(const data::RowStream<T>& stream, TargetKind kind_of_targets)
      : features(with_rows_before(stream.feature_shape(), 1)),
        targets(with_rows_before(stream.target_shape(), 1)),
        kind(kind_of_targets),
        has_weights(stream.has_weights()) {}

  Shape features, targets;
  TargetKind kind;
  bool has_weights;
  std::size_t feature_width = features.elements();
  std::size_t target_width = targets.elements();
};

// Where rows of a stream stand, one behind the other.
template <class T>
struct StreamedRows {
  T* features;
  T* targets;
  double* weights;  // null: they have none
  std::size_t* numbers;
};

// Rows of a dataset or of a stream, in memory that is reused.
template <class T>
class LoadedRows {
 public:
  void load(const Dataset<T>& data, std::span<const std::size_t> rows) {
    load(data, rows, rows.size(), Copy::alone);
  }
  // Of a batch of so many rows these.
  void load(const Dataset<T>& data, std::span<const std::size_t> rows, std::size_t batch_rows, Copy copy) {
    features_.read(data.features, rows, copy);
    load_targets(data, rows);
    batch_rows_ = batch_rows;
  }

  void load_targets(const Dataset<T>& data, std::span<const std::size_t> rows) {
    rows_.assign(rows.begin(), rows.end());
    kind_ = data.targets.kind();
    if (kind_ == TargetKind::class_indices) {
      class_indices_.read(data.targets.class_indices(), rows);
    } else {
      values_.read(data.targets.values(), rows);
    }
    has_weights_ = data.weights.given();
    if (has_weights_) weights_.read(data.weights, rows);
  }

  // Room for so many rows of a stream; keep() says how many there came to be.
  StreamedRows<T> make_room(const RowFormat& format, std::size_t rows) {
    T* const features = features_.resize(format.features, rows).data();
    T* const targets = values_.resize(format.targets, rows).data();
    double* const weights = format.has_weights ? weights_.resize({1}, rows).data() : nullptr;
    rows_.resize(rows);
    return {features, targets, weights, rows_.data()};
  }

  // Throws LabelError where class indices are to be and a target is none.
  void keep(const RowFormat& format, std::size_t rows) {
    kind_ = format.kind;
    has_weights_ = format.has_weights;
    batch_rows_ = rows;
    rows_.resize(rows);
    features_.resize(format.features, rows);
    values_.resize(format.targets, rows);
    if (has_weights_) weights_.resize({1}, rows);
    if (kind_ == TargetKind::class_indices) take_class_indices();
  }

  // Whether the loss may pass over nothing: it has asked for the weights, or there are none.
  bool were_weights_read() const { return were_weights_read_->load() || !has_weights_; }

  std::size_t count() const { return rows_.size(); }
  // Of the batch that these are rows of.
  std::size_t batch_rows() const { return batch_rows_; }
  ArrayView<T> features() const { return features_.view(); }
  BatchTargets<T> targets() const { return targets(0, count()); }
  // None: there are none.
  std::span<const double> weights() const {
    return has_weights_ ? std::span<const double>(weights_.view().data(), count())
                        : std::span<const double>();
  }

  // Those of rows [begin, end).
  ArrayView<const T> features(std::size_t begin, std::size_t end) const {
    return part<T>(features_.view(), begin, end);
  }
  BatchTargets<T> targets(std::size_t begin, std::size_t end) const {
    const std::span<const std::size_t> rows(rows_.data() + begin, end - begin);
    const typename BatchTargets<T>::RowWeights weights{
        has_weights_ ? weights_.view().data() + begin : nullptr, were_weights_read_.get()};
    return kind_ == TargetKind::class_indices
               ? BatchTargets<T>(part<std::int64_t>(class_indices_.view(), begin, end), rows, weights)
               : BatchTargets<T>(kind_, part<T>(values_.view(), begin, end), rows, weights);
  }

 private:
  void take_class_indices() {
    const ArrayView<std::int64_t> classes = class_indices_.resize({1}, count());
    for (std::size_t i = 0; i < count(); ++i) {
      const auto target = static_cast<double>(values_.view()[i]);
      if (!(std::abs(target) < 0x1p63) || target != std::trunc(target)) {
        fail<LabelError>("train: data.stream must give class indices, got the target {} in row {}", target,
                         rows_[i]);
      }
      classes[i] = static_cast<std::int64_t>(target);
    }
  }

  template <class U>
  static ArrayView<const U> part(ArrayView<const U> rows, std::size_t begin, std::size_t end) {
    const std::size_t width = rows.shape()[0] == 0 ? 0 : rows.size() / rows.shape()[0];
    return {rows.data() + begin * width, with_rows(rows.shape(), end - begin)};
  }

  TargetKind kind_ = TargetKind::class_indices;
  std::vector<std::size_t> rows_;
  std::size_t batch_rows_ = 0;
  ReusedArray<T> features_;
  ReusedArray<std::int64_t> class_indices_;
  ReusedArray<T> values_;
  bool has_weights_ = false;
  // Set by any thread of a step; on the heap, so that rows can be moved.
  std::unique_ptr<std::atomic<bool>> were_weights_read_ = std::make_unique<std::atomic<bool>>(false);
  ReusedArray<double> weights_;
};

}  // namespace xtape::training
