// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/classification.hpp"

#include <algorithm>

#include "arrays/format.hpp"
#include "arrays/index_range.hpp"
#include "metrics/estimate.hpp"
#include "metrics/labelled_scores.hpp"
#include "metrics/same_shape.hpp"

namespace xtape::metrics {
namespace {

Array<std::int64_t> to_array(const Indices& indices) {
  Array<std::int64_t> array(indices.shape());
  indices.copy_to(array);
  return array;
}

// How many classes come before y from the largest score down.
std::size_t rank_of(std::size_t y, const double* scores, std::size_t classes) {
  std::size_t rank = 0;
  for (std::size_t j = 0; j < classes; ++j) {
    rank += scores[j] > scores[y] || (scores[j] == scores[y] && j < y);
  }
  return rank;
}

}  // namespace

Array<std::int64_t> predicted_classes(Scores scores) {
  const ScoreRows rows("predicted_classes", "scores", scores, Layout::classes);
  Array<std::int64_t> result(Shape{rows.count()});
  rows.for_each([&](std::size_t row, const double* score) {
    result[row] = std::max_element(score, score + rows.classes()) - score;
  });
  return result;
}

Estimate accuracy(Indices predicted, Indices class_indices, const LabelOptions& options) {
  require_same_shape("accuracy", "class_indices", class_indices.shape(), "predicted", predicted.shape());
  const auto guesses = to_array(predicted), labels = to_array(class_indices);
  std::size_t right = 0, judged = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == options.ignore_index) continue;
    ++judged;
    right += guesses[i] == labels[i];
  }
  return estimate_fraction(right, judged);
}

Estimate top_k_accuracy(Scores scores, Indices class_indices, std::size_t k, const LabelOptions& options) {
  const ScoreRows rows("top_k_accuracy", "scores", scores, Layout::classes, class_indices, options);
  if (k == 0 || k > rows.classes()) {
    fail<ArgumentError>("top_k_accuracy: k must be 1 to {}, the number of classes of scores {}, got {}",
                        rows.classes(), rows.shape(), k);
  }
  std::size_t right = 0;
  rows.for_each([&](std::size_t row, const double* score) {
    right += rank_of(rows.label(row), score, rows.classes()) < k;
  });
  return estimate_fraction(right, rows.count());
}

Array<std::int64_t> confusion_matrix(Indices predicted, Indices class_indices, std::size_t classes,
                                     const LabelOptions& options) {
  require_same_shape("confusion_matrix", "class_indices", class_indices.shape(), "predicted",
                     predicted.shape());
  const auto guesses = to_array(predicted), labels = to_array(class_indices);
  const IndexRange range{.noun = "classes", .count = classes};
  const IndexRange labels_range{.noun = "classes", .count = classes, .skippable = Skippable::negative};
  require_indices("confusion_matrix", "class_indices", labels, labels_range, options);
  Array<std::int64_t> counts(Shape{classes, classes});
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == options.ignore_index) continue;
    if (!range.contains(guesses[i])) throw_outside_range("confusion_matrix", "predicted", guesses, i, range);
    ++counts[static_cast<std::size_t>(labels[i]) * classes + static_cast<std::size_t>(guesses[i])];
  }
  return counts;
}

}  // namespace xtape::metrics
