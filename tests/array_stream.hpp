// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/data/row_stream.hpp"

namespace xtape::testing {

/// The rows of arrays, one after the other.
template <class T>
class ArrayStream : public data::RowStream<T> {
 public:
  /// @param targets  (rows) or (rows, ...), of any type
  template <class U>
  ArrayStream(const Array<T>& features, const Array<U>& targets, std::vector<double> weights = {})
      : features_(features),
        targets_(targets.shape()),
        weights_(std::move(weights)),
        rows_(features.shape()[0]),
        next_(rows_) {
    std::transform(targets.begin(), targets.end(), targets_.begin(), [](U x) { return static_cast<T>(x); });
  }

  Shape feature_shape() const override { return of_row(features_.shape()); }
  Shape target_shape() const override { return of_row(targets_.shape()); }
  bool has_weights() const override { return !weights_.empty(); }
  void rewind() override { next_ = 0; }

  std::size_t read(std::size_t rows, std::span<T> features, std::span<T> targets,
                   std::span<double> weights) override {
    const std::size_t count = std::min(rows, rows_ - next_);
    copy(features_.data(), features_.size(), count, features);
    copy(targets_.data(), targets_.size(), count, targets);
    copy(weights_.data(), weights_.size(), count, weights);
    next_ += count;
    return count;
  }

 private:
  static Shape of_row(const Shape& shape) { return {shape.begin() + 1, shape.end()}; }

  template <class U>
  void copy(const U* from, std::size_t size, std::size_t count, std::span<U> to) const {
    const std::size_t width = size / rows_;
    std::copy_n(from + next_ * width, count * width, to.begin());
  }

  const Array<T>& features_;
  Array<T> targets_;
  std::vector<double> weights_;
  std::size_t rows_;
  std::size_t next_;
};

}  // namespace xtape::testing
