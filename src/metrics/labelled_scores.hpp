// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "threads/workspace.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/label_options.hpp"
#include "xtape/metrics/scores.hpp"

namespace xtape::metrics {

// What the scores of a function may be.
enum class Layout {
  numbers,  // (rows): of class 1 of two
  classes,  // (rows, classes)
  numbers_or_classes,
  labels,  // (rows, labels): of each of several labels
  numbers_or_labels
};

enum class Nan { refused, allowed };

// Scores, checked, and read as doubles.
class ScoreRows {
 public:
  // All rows. Throws ShapeError for another layout, and ArgumentError for NaN.
  ScoreRows(const char* function, const char* argument, const Scores& scores, Layout layout);
  // The rows whose class is not options.ignore_index; the others are not looked at. Throws ShapeError too
  // unless there is a class index for each row, and LabelError for one that is no class.
  ScoreRows(const char* function, const char* argument, const Scores& scores, Layout layout,
            const Indices& class_indices, const LabelOptions& options, Nan nan = Nan::refused);

  std::size_t count() const { return kept_ ? kept_->size() : shape()[0]; }
  bool is_single() const { return shape().rank() == 1; }
  // What was given for a row: so many numbers.
  std::size_t columns() const { return length_; }
  std::size_t classes() const { return is_single() ? 2 : length_; }
  // Where a row stands among all that were given.
  std::size_t number_of(std::size_t row) const { return kept_ ? (*kept_)[row] : row; }

  // What was given for a row: a score for each class, or the one number; where it is, or in the workspace.
  const double* read(std::size_t row, Workspace& workspace) const;
  // Calls use(row, read(row)) for each row.
  template <class Use>
  void for_each(Use use) const {
    for (std::size_t row = 0; row < count(); ++row) {
      Workspace workspace;
      use(row, read(row, workspace));
    }
  }
  // Logits for each class, of a single number 0 and itself.
  const double* logits(std::size_t row, Workspace& workspace) const;
  double at(std::size_t row, std::size_t column) const;
  // The class of a row, of scores with class indices.
  std::size_t label(std::size_t row) const { return static_cast<std::size_t>(labels_[number_of(row)]); }

  const char* function() const { return function_; }
  const char* argument() const { return argument_; }
  // Of all that were given.
  const Shape& shape() const { return scores_.shape(); }

  // Throws ValueError unless they are in [0, 1], and the sum of each row of classes is 1.
  void require_probabilities() const;

 private:
  void take_layout(Layout layout);
  void take_labels(const Indices& class_indices, const LabelOptions& options);
  void require_numbers() const;

  const char* function_;
  const char* argument_;
  const Scores& scores_;
  std::size_t length_ = 0;
  Array<std::int64_t> labels_;                    // of all rows
  std::optional<std::vector<std::size_t>> kept_;  // their numbers, where those are not all
};

}  // namespace xtape::metrics
