// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/classification.hpp"

#include <cmath>

#include "core/format.hpp"
#include "core/index_range.hpp"

namespace xtape::metrics {
namespace {

Array<std::int64_t> to_array(const Indices& indices) {
  Array<std::int64_t> array(indices.shape());
  indices.copy_to(array);
  return array;
}

void require_same_shape(const char* function, const Indices& predicted, const Indices& class_indices) {
  if (predicted.shape() == class_indices.shape()) return;
  fail<ShapeError>("{}: class_indices must have the shape of predicted {}, got {}", function,
                   predicted.shape(), class_indices.shape());
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

double accuracy(Indices predicted, Indices class_indices) {
  require_same_shape("accuracy", predicted, class_indices);
  const auto guesses = to_array(predicted), labels = to_array(class_indices);
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += guesses[i] == labels[i];
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

Array<std::int64_t> confusion_matrix(Indices predicted, Indices class_indices, std::size_t classes) {
  require_same_shape("confusion_matrix", predicted, class_indices);
  const auto guesses = to_array(predicted), labels = to_array(class_indices);
  const IndexRange range{.noun = "classes", .count = classes};
  require_indices("confusion_matrix", "predicted", guesses, range);
  require_indices("confusion_matrix", "class_indices", labels, range);
  Array<std::int64_t> counts(Shape{classes, classes});
  for (std::size_t i = 0; i < labels.size(); ++i) {
    ++counts[static_cast<std::size_t>(labels[i]) * classes + static_cast<std::size_t>(guesses[i])];
  }
  return counts;
}

}  // namespace xtape::metrics
