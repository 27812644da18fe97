// SPDX-License-Identifier: BSD-3-Clause
#include "losses/class_loss.hpp"

#include <cmath>
#include <vector>

#include "core/element_name.hpp"
#include "core/format.hpp"

namespace xtape::losses {
namespace {

bool has_trailing_axis_of_one(const Shape& shape, const Shape& samples) {
  return shape.rank() == samples.rank() + 1 && Shape(shape.begin(), shape.end() - 1) == samples &&
         shape[samples.rank()] == 1;
}

void require_smoothing(const char* loss, std::size_t classes, const ClassOptions& options) {
  require_in_range(loss, "label_smoothing", options.label_smoothing, 0, 1);
  if (!options.smoothing_prior->given()) return;
  require_one_per_class<ArgumentError>(loss, "smoothing_prior", "have", options.smoothing_prior->shape(),
                                       classes);
  std::vector<double> prior(classes);
  options.smoothing_prior->copy_to(ArrayView<double>(prior));
  double sum = 0;
  for (std::size_t j = 0; j < classes; ++j) {
    if (!(prior[j] >= 0)) {
      fail<ArgumentError>("{}: smoothing_prior must be probabilities, got {} at [{}]", loss, prior[j], j);
    }
    sum += prior[j];
  }
  if (!(std::abs(sum - 1) <= 1e-3)) {
    fail<ArgumentError>("{}: smoothing_prior must sum to 1, got a sum of {}", loss, sum);
  }
}

}  // namespace

SampleLayout class_layout(const char* loss, const char* predictions_name, const Shape& predictions,
                          int axis) {
  const SampleLayout layout = SampleLayout::along(loss, predictions_name, predictions, axis);
  if (layout.slices.length == 0) {
    fail<ArgumentError>("{}: {} must have at least one class along axis {}, got {}", loss, predictions_name,
                        axis, predictions);
  }
  return layout;
}

void require_class_indices_shape(const char* loss, const char* predictions_name, const Shape& predictions,
                                 const Shape& samples, const Shape& indices, bool takes_soft_labels) {
  if (indices == samples) return;
  const char* fix = "";
  if (indices == predictions) {
    fix = takes_soft_labels
              ? "; one-hot rows go in as floating-point soft labels, or as the positions of their ones"
              : "; one-hot rows go in as the positions of their ones";
  } else if (has_trailing_axis_of_one(indices, samples)) {
    fix = "; drop the last axis";
  }
  fail<ShapeError>("{}: class_indices must have one entry per sample of {} {}, shape {}, got {}{}", loss,
                   predictions_name, predictions, samples, indices, fix);
}

void require_soft_labels_shape(const char* loss, const char* predictions_name, const Shape& predictions,
                               const Shape& samples, const Shape& labels) {
  if (labels == predictions) return;
  const char* fix = "";
  if (labels == samples) {
    fix = "; class indices must be of an integer type";
  } else if (has_trailing_axis_of_one(labels, samples)) {
    fix = "; class indices must be of an integer type, without the last axis";
  }
  fail<ShapeError>("{}: soft_labels must have the shape of {} {}, got {}{}", loss, predictions_name,
                   predictions, labels, fix);
}

void require_class_options(const char* loss, const char* predictions_name, const Shape& predictions,
                           std::size_t classes, bool has_indices, const ClassOptions& options) {
  if (options.class_weights->given()) {
    require_one_per_class<WeightsShapeError>(loss, "class_weights", "have", options.class_weights->shape(),
                                             classes);
  }
  if (options.alpha->given() && options.alpha->shape().rank() > 0) {
    require_one_per_class<ArgumentError>(loss, "alpha", "be a number or have", options.alpha->shape(),
                                         classes);
  }
  const Shape mask = options.class_mask->shape();
  if (options.class_mask->given() && mask != Shape{classes} && mask != predictions) {
    fail<ShapeError>("{}: class_mask must have one entry per class, shape {}, or the shape of {} {}, got {}",
                     loss, Shape{classes}, predictions_name, predictions, mask);
  }
  require_smoothing(loss, classes, options);
  if (options.ignore_index && !has_indices) {
    fail<ArgumentError>(
        "{}: ignore_index is for class indices, got {} with soft labels; unset it, and leave samples out by "
        "mask",
        loss, *options.ignore_index);
  }
}

void throw_masked_class(const char* loss, ArrayView<const std::int64_t> indices, std::size_t sample) {
  fail<LabelError>("{}: {} is {}, which class_mask leaves out; leave such samples out by mask", loss,
                   element_name("class_indices", indices.shape(), sample), indices[sample]);
}

void throw_no_prior_left(const char* loss, const Shape& samples, std::size_t sample) {
  fail<ArgumentError>(
      "{}: smoothing_prior must leave something to the classes that class_mask leaves, got 0 for all those "
      "of {}",
      loss, element_name("sample", samples, sample));
}

}  // namespace xtape::losses
