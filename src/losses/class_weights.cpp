// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/class_weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "arrays/format.hpp"
#include "arrays/index_range.hpp"
#include "arrays/multi_index.hpp"

namespace xtape::losses {
namespace {

Array<double> read_counts(const char* function, const Weights& counts) {
  if (counts.shape().rank() != 1) {
    fail<ShapeError>("{}: counts must have one entry per class, shape (classes), got {}", function,
                     counts.shape());
  }
  Array<double> result(counts.shape());
  counts.copy_to(result);
  for (std::size_t c = 0; c < result.size(); ++c) {
    if (!(result[c] >= 0 && std::isfinite(result[c]))) {
      fail<ArgumentError>("{}: counts[{}] must be finite and at least 0, got {}", function, c, result[c]);
    }
  }
  if (std::all_of(result.begin(), result.end(), [](double count) { return count == 0; })) {
    fail<ArgumentError>("{}: counts {} must be positive for some class, got 0 for all", function,
                        result.shape());
  }
  return result;
}

Array<double> read_yes_or_no(const char* function, const Labels<double>& labels) {
  const Shape shape = labels.shape();
  if (shape.rank() != 1 && shape.rank() != 2)
    fail<ShapeError>("{}: labels must be (rows) or (rows, labels), got {}", function, shape);
  Array<double> result(shape);
  if (labels.variable() != nullptr) {
    std::ranges::copy(labels.variable()->values(), result.begin());
  } else {
    labels.array().copy_to(result);
  }
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (result[i] == 0 || result[i] == 1) continue;
    fail<LabelError>("{}: labels must be 0 for no or 1 for yes, got {} at {}", function, result[i],
                     element_name("labels", shape, i));
  }
  return result;
}

}  // namespace

Array<std::int64_t> class_counts(const Indices& class_indices, std::size_t classes,
                                 const LabelOptions& options) {
  Array<std::int64_t> indices(class_indices.shape());
  class_indices.copy_to(indices);
  require_indices("class_counts", "class_indices", indices,
                  {.noun = "classes", .count = classes, .skippable = Skippable::negative}, options);
  Array<std::int64_t> counts(Shape{classes});
  for (const std::int64_t index : indices) {
    if (index != options.ignore_index) ++counts[static_cast<std::size_t>(index)];
  }
  return counts;
}

Array<double> balanced_class_weights(const Weights& counts) {
  Array<double> weights = read_counts("balanced_class_weights", counts);
  double samples = 0, classes = 0;
  for (const double count : weights) {
    samples += count;
    classes += count > 0;
  }
  for (double& weight : weights) weight = weight > 0 ? samples / (classes * weight) : 0;
  return weights;
}

Array<double> effective_number_class_weights(const Weights& counts, double beta) {
  const char* const function = "effective_number_class_weights";
  if (!(beta >= 0 && beta < 1)) fail<ArgumentError>("{}: beta must be in [0, 1), got {}", function, beta);
  Array<double> weights = read_counts(function, counts);

  // Only the ratios of 1 - beta^n count. For beta near 1 it would cancel if it were a difference.
  double least = std::numeric_limits<double>::infinity(), classes = 0;
  for (double& number : weights) {
    if (number == 0) continue;
    number = -std::expm1(number * std::log(beta));
    least = std::min(least, number);
    ++classes;
  }
  double sum = 0;
  for (double& weight : weights) {
    if (weight > 0) weight = least / weight;
    sum += weight;
  }
  for (double& weight : weights) weight *= classes / sum;
  return weights;
}

Array<double> balanced_pos_weight(const Labels<double>& labels) {
  const Array<double> answers = read_yes_or_no("balanced_pos_weight", labels);
  const Shape& shape = answers.shape();
  Array<double> weights(shape.rank() == 1 ? Shape{} : Shape{shape[1]});
  for (std::size_t i = 0; i < answers.size(); ++i) weights[i % weights.size()] += answers[i];
  for (double& weight : weights) {
    const double yes = weight, no = static_cast<double>(shape[0]) - yes;
    weight = yes > 0 && no > 0 ? no / yes : 1;
  }
  return weights;
}

}  // namespace xtape::losses
