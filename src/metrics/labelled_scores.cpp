// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/labelled_scores.hpp"

#include <algorithm>
#include <cmath>

#include "arrays/format.hpp"
#include "arrays/index_range.hpp"
#include "arrays/multi_index.hpp"

namespace xtape::metrics {
namespace {

bool has_layout(const Shape& shape, Layout layout) {
  if (shape.rank() == 1) return layout != Layout::classes && layout != Layout::labels;
  return shape.rank() == 2 && shape[1] > 0 && layout != Layout::numbers;
}

const char* layout_name(Layout layout) {
  switch (layout) {
    case Layout::numbers:
      return "(rows): of several classes give the column of one";
    case Layout::classes:
      return "(rows, classes) with at least one class";
    case Layout::numbers_or_classes:
      return "(rows, classes) with at least one class, or (rows) for class 1 of two";
    case Layout::labels:
      return "(rows, labels) with at least one label";
    default:
      return "(rows, labels) with at least one label, or (rows) for one label";
  }
}

}  // namespace

ScoreRows::ScoreRows(const char* function, const char* argument, const Scores& scores, Layout layout)
    : function_(function), argument_(argument), scores_(scores) {
  take_layout(layout);
  require_numbers();
}

ScoreRows::ScoreRows(const char* function, const char* argument, const Scores& scores, Layout layout,
                     const Indices& class_indices, const LabelOptions& options, Nan nan)
    : function_(function), argument_(argument), scores_(scores) {
  take_layout(layout);
  take_labels(class_indices, options);
  if (nan == Nan::refused) require_numbers();
}

void ScoreRows::take_layout(Layout layout) {
  if (!has_layout(shape(), layout)) {
    fail<ShapeError>("{}: {} must be {}, got {}", function_, argument_, layout_name(layout), shape());
  }
  length_ = is_single() ? 1 : shape()[1];
}

void ScoreRows::take_labels(const Indices& class_indices, const LabelOptions& options) {
  if (class_indices.shape() != Shape{shape()[0]}) {
    fail<ShapeError>("{}: class_indices must have one entry for each row of {} {}, got {}", function_,
                     argument_, shape(), class_indices.shape());
  }
  labels_ = Array<std::int64_t>(class_indices.shape());
  class_indices.copy_to(labels_);
  const IndexRange range{.noun = "classes",
                         .count = classes(),
                         .array = is_single() ? nullptr : argument_,
                         .shape = shape(),
                         .skippable = Skippable::negative};
  require_indices(function_, "class_indices", labels_, range, options);
  if (!options.ignore_index) return;
  kept_.emplace();
  for (std::size_t row = 0; row < labels_.size(); ++row) {
    if (labels_[row] != options.ignore_index) kept_->push_back(row);
  }
}

void ScoreRows::require_numbers() const {
  std::visit(
      [&](const auto& values) {
        for (std::size_t row = 0; row < count(); ++row) {
          const std::size_t begin = number_of(row) * length_;
          for (std::size_t i = begin; i < begin + length_; ++i) {
            if (!std::isnan(values[i])) continue;
            fail<ArgumentError>("{}: {} must be numbers, got NaN at {}", function_, argument_,
                                element_name(argument_, shape(), i));
          }
        }
      },
      scores_.values());
}

const double* ScoreRows::read(std::size_t row, Workspace& workspace) const {
  if (const auto* doubles = std::get_if<ArrayInput<double>>(&scores_.values())) {
    return doubles->data() + number_of(row) * length_;
  }
  const float* const numbers =
      std::get<ArrayInput<float>>(scores_.values()).data() + number_of(row) * length_;
  double* const copy = workspace.take<double>(length_);
  std::copy_n(numbers, length_, copy);
  return copy;
}

const double* ScoreRows::logits(std::size_t row, Workspace& workspace) const {
  if (!is_single()) return read(row, workspace);
  double* const logits = workspace.take<double>(2);
  logits[0] = 0;
  logits[1] = at(row, 0);
  return logits;
}

double ScoreRows::at(std::size_t row, std::size_t column) const {
  const std::size_t at = number_of(row) * length_ + column;
  return std::visit([at](const auto& values) { return static_cast<double>(values[at]); }, scores_.values());
}

void ScoreRows::require_probabilities() const {
  for_each([&](std::size_t row, const double* p) {
    double sum = 0;
    for (std::size_t j = 0; j < length_; ++j) {
      if (!(p[j] >= 0 && p[j] <= 1)) {
        fail<ValueError>("{}: {} must be in [0, 1], got {} at {}", function_, argument_, p[j],
                         element_name(argument_, shape(), number_of(row) * length_ + j));
      }
      sum += p[j];
    }
    if (!is_single() && std::abs(sum - 1) > 1e-3) {
      fail<ValueError>("{}: {} {} must sum to 1 in each row, got {} in row {}", function_, argument_, shape(),
                       sum, number_of(row));
    }
  });
}

}  // namespace xtape::metrics
