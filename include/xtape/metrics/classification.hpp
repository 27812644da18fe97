// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "xtape/autograd/variable.hpp"
#include "xtape/core/array.hpp"
#include "xtape/core/array_source.hpp"

namespace xtape::metrics {

/// The class of the largest score in each row, the first of equals: (rows).
/// @param scores  (rows, classes): logits or probabilities.
/// @throws ShapeError     scores are not (rows, classes), or there are no classes.
/// @throws ArgumentError  a score is NaN.
template <class T>
Array<std::int64_t> predicted_classes(ArrayView<const T> scores);
template <class T>
Array<std::int64_t> predicted_classes(Variable<T> scores) {
  return predicted_classes(scores.values());
}
template <detail::StridedContainer Scores>
Array<std::int64_t> predicted_classes(const Scores& scores) {
  return predicted_classes(ArrayView<const typename Scores::value_type>(scores));
}

/// The fraction of rows whose predicted class is the true one; NaN for no rows.
/// @param predicted      (rows), as from predicted_classes
/// @param class_indices  (rows)
/// @throws ShapeError  the shapes differ.
double accuracy(Indices predicted, Indices class_indices);

/// How often each class was taken for each: element (true class, predicted class), (classes, classes).
/// @throws ShapeError  the shapes of predicted and class_indices differ.
/// @throws LabelError  an entry of either is outside [0, classes).
Array<std::int64_t> confusion_matrix(Indices predicted, Indices class_indices, std::size_t classes);

}  // namespace xtape::metrics
