// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "xtape/core/array.hpp"
#include "xtape/core/array_source.hpp"
#include "xtape/metrics/scores.hpp"

namespace xtape::metrics {

// What the scores of a function may be.
enum class Layout {
  numbers,  // (rows): of class 1 of two
  classes,  // (rows, classes)
  numbers_or_classes
};

// Scores, checked, and read as doubles.
class ScoreRows {
 public:
  // Throws ShapeError for another layout, and ArgumentError for NaN.
  ScoreRows(const char* function, const char* argument, const Scores& scores, Layout layout);

  std::size_t count() const { return shape()[0]; }
  bool is_single() const { return shape().rank() == 1; }
  std::size_t classes() const { return is_single() ? 2 : length_; }

  // What was given for a row: a score for each class, or the one number. Valid until the next call in this
  // thread.
  const double* operator[](std::size_t row) const;
  // Logits for each class, of a single number 0 and itself.
  const double* logits(std::size_t row) const;
  double at(std::size_t row, std::size_t column) const;

  const char* function() const { return function_; }
  const char* argument() const { return argument_; }
  const Shape& shape() const { return scores_.shape(); }

  // Throws ValueError unless they are in [0, 1], and the sum of each row of classes is 1.
  void require_probabilities() const;

 private:
  const char* function_;
  const char* argument_;
  const Scores& scores_;
  std::size_t length_;
};

// Throws ShapeError unless there is one for each row, and LabelError for one that is no class.
Array<std::int64_t> read_labels(const ScoreRows& scores, const Indices& class_indices);

}  // namespace xtape::metrics
