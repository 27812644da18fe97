// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/classification.hpp"

#include <cmath>

#include "core/format.hpp"

namespace xtape::metrics {
namespace {

Array<std::int64_t> matching_labels(const char* function, ArrayView<const std::int64_t> predicted,
                                    const Indices& class_indices) {
  if (predicted.shape() != class_indices.shape()) {
    fail<ShapeError>("{}: class_indices must have the shape of predicted {}, got {}", function,
                     predicted.shape(), class_indices.shape());
  }
  Array<std::int64_t> labels(class_indices.shape());
  class_indices.copy_to(labels);
  return labels;
}

void require_class(const char* argument, std::size_t i, std::int64_t value, std::size_t classes) {
  if (value < 0 || static_cast<std::size_t>(value) >= classes) {
    fail<LabelError>("confusion_matrix: {}[{}] is {}, but there are {} classes, counted from 0", argument, i,
                     value, classes);
  }
}

}  // namespace

template <class T>
Array<std::int64_t> predicted_classes(ArrayView<const T> scores) {
  const Shape& shape = scores.shape();
  if (shape.rank() != 2 || shape[1] == 0) {
    fail<ShapeError>("predicted_classes: scores must be (rows, classes) with at least one class, got {}",
                     shape);
  }
  const std::size_t classes = shape[1];
  Array<std::int64_t> result(Shape{shape[0]});
  for (std::size_t row = 0; row < shape[0]; ++row) {
    const T* score = scores.data() + row * classes;
    std::size_t best = 0;
    for (std::size_t j = 0; j < classes; ++j) {
      if (std::isnan(score[j])) {
        fail<ArgumentError>("predicted_classes: scores must be numbers, got NaN at scores[{}, {}]", row, j);
      }
      if (score[j] > score[best]) best = j;
    }
    result[row] = static_cast<std::int64_t>(best);
  }
  return result;
}

template Array<std::int64_t> predicted_classes(ArrayView<const float>);
template Array<std::int64_t> predicted_classes(ArrayView<const double>);

double accuracy(ArrayView<const std::int64_t> predicted, Indices class_indices) {
  const Array<std::int64_t> labels = matching_labels("accuracy", predicted, class_indices);
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += predicted[i] == labels[i];
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

Array<std::int64_t> confusion_matrix(ArrayView<const std::int64_t> predicted, Indices class_indices,
                                     std::size_t classes) {
  const Array<std::int64_t> labels = matching_labels("confusion_matrix", predicted, class_indices);
  Array<std::int64_t> counts(Shape{classes, classes});
  for (std::size_t i = 0; i < labels.size(); ++i) {
    require_class("predicted", i, predicted[i], classes);
    require_class("class_indices", i, labels[i], classes);
    ++counts[static_cast<std::size_t>(labels[i]) * classes + static_cast<std::size_t>(predicted[i])];
  }
  return counts;
}

}  // namespace xtape::metrics
