// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/label_options.hpp"
#include "xtape/metrics/estimate.hpp"
#include "xtape/metrics/scores.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// The class of the largest score in each row, the first of equals: (rows).
/// @param scores  (rows, classes): logits or probabilities.
/// @throws ShapeError     scores are not (rows, classes), or there are no classes.
/// @throws ArgumentError  a score is NaN.
Array<std::int64_t> predicted_classes(Scores scores);

/// The fraction of rows whose predicted class is the true one; NaN for no rows, or where all are left out.
///
///     const auto accuracy = metrics::accuracy(predicted, labels, {.ignore_index = -1});
///
/// @param predicted      (rows), as from predicted_classes
/// @param class_indices  (rows): integers of any value. One that no prediction has, such as -1, counts as
///                       wrong unless options.ignore_index leaves its row out.
/// @throws ShapeError  the shapes differ.
Estimate accuracy(Indices predicted, Indices class_indices, const LabelOptions& options = {});

/// The fraction of rows whose true class is among the k of the largest scores; of equal scores the first
/// counts as larger, so that k = 1 gives the accuracy of predicted_classes. NaN for no rows, or where all are
/// left out.
/// @param scores         (rows, classes): logits or probabilities.
/// @param class_indices  (rows): in [0, classes) or options.ignore_index
/// @param k              1 to classes
/// @throws ShapeError     scores are not (rows, classes), there are no classes, or class_indices do not fit.
/// @throws ArgumentError  a score is NaN, or k is outside 1 to classes.
/// @throws LabelError     an entry of class_indices is no class.
Estimate top_k_accuracy(Scores scores, Indices class_indices, std::size_t k,
                        const LabelOptions& options = {});

/// How often each class was taken for each: element (true class, predicted class), (classes, classes). All
/// that is computed from it, such as classification_report, leaves out the rows that it does.
/// @param predicted      (rows): in [0, classes); of a row that is left out, anything.
/// @param class_indices  (rows): in [0, classes) or options.ignore_index
/// @throws ShapeError  the shapes of predicted and class_indices differ.
/// @throws LabelError  an entry of either is no class.
Array<std::int64_t> confusion_matrix(Indices predicted, Indices class_indices, std::size_t classes,
                                     const LabelOptions& options = {});

}  // namespace xtape::metrics
#pragma GCC visibility pop
