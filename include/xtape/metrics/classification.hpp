// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "xtape/core/array.hpp"
#include "xtape/core/array_source.hpp"
#include "xtape/metrics/estimate.hpp"
#include "xtape/metrics/scores.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// The class of the largest score in each row, the first of equals: (rows).
/// @param scores  (rows, classes): logits or probabilities.
/// @throws ShapeError     scores are not (rows, classes), or there are no classes.
/// @throws ArgumentError  a score is NaN.
Array<std::int64_t> predicted_classes(Scores scores);

/// The fraction of rows whose predicted class is the true one; NaN for no rows.
/// @param predicted      (rows), as from predicted_classes
/// @param class_indices  (rows)
/// @throws ShapeError  the shapes differ.
Estimate accuracy(Indices predicted, Indices class_indices);

/// The fraction of rows whose true class is among the k of the largest scores; of equal scores the first
/// counts as larger, so that k = 1 gives the accuracy of predicted_classes. NaN for no rows.
/// @param scores         (rows, classes): logits or probabilities.
/// @param class_indices  (rows)
/// @param k              1 to classes
/// @throws ShapeError     scores are not (rows, classes), there are no classes, or class_indices do not fit.
/// @throws ArgumentError  a score is NaN, or k is outside 1 to classes.
/// @throws LabelError     an entry of class_indices is outside [0, classes).
Estimate top_k_accuracy(Scores scores, Indices class_indices, std::size_t k);

/// How often each class was taken for each: element (true class, predicted class), (classes, classes).
/// @throws ShapeError  the shapes of predicted and class_indices differ.
/// @throws LabelError  an entry of either is outside [0, classes).
Array<std::int64_t> confusion_matrix(Indices predicted, Indices class_indices, std::size_t classes);

}  // namespace xtape::metrics
#pragma GCC visibility pop
