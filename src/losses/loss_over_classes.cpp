// SPDX-License-Identifier: BSD-3-Clause
#include "losses/loss_over_classes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "kernels/weighted.hpp"
#include "losses/check_logits.hpp"
#include "losses/option_checks.hpp"

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
  require_temperature(loss, options.temperature);
  if (options.ignore_index && !has_indices) {
    fail<ArgumentError>(
        "{}: ignore_index is for class indices, got {} with soft labels; unset it, and leave samples out by "
        "mask",
        loss, *options.ignore_index);
  }
}

[[noreturn]] void throw_masked_class(const char* loss, ArrayView<const std::int64_t> indices,
                                     std::size_t sample) {
  fail<LabelError>("{}: {} is {}, which class_mask leaves out; leave such samples out by mask", loss,
                   element_name("class_indices", indices.shape(), sample), indices[sample]);
}

[[noreturn]] void throw_no_prior_left(const char* loss, const Shape& samples, std::size_t sample) {
  fail<ArgumentError>(
      "{}: smoothing_prior must leave something to the classes that class_mask leaves, got 0 for all those "
      "of {}",
      loss, element_name("sample", samples, sample));
}

// The samples of those predictions, which the labels fit.
template <class T>
SampleLayout layout_of(const char* loss, const char* predictions_name, const Shape& predictions,
                       const ClassLabels<T>& labels, const ClassOptions& options) {
  const SampleLayout layout = class_layout(loss, predictions_name, predictions, options.axis);
  if (labels.indices() != nullptr) {
    require_class_indices_shape(loss, predictions_name, predictions, layout.samples, labels.shape(),
                                options.takes_soft_labels);
  } else {
    require_soft_labels_shape(loss, predictions_name, predictions, layout.samples, labels.shape());
  }
  return layout;
}

}  // namespace

template <class T>
LossOverClasses<T>::LossOverClasses(const char* name, const char* predictions_name, Variable<T> predictions,
                                    const ClassLabels<T>& labels, const ClassOptions& options,
                                    MaskedLabels masked_labels)
    : options_(options),
      recording_(name, layout_of(name, predictions_name, predictions.shape(), labels, options), predictions,
                 "soft_labels", labels.soft()) {
  take_options(predictions_name, predictions.shape(), labels, masked_labels);
}

template <class T>
LossOverClasses<T>::LossOverClasses(const char* name, const char* predictions_name, const Shape& predictions,
                                    std::span<const Variable<T>> inputs, const Indices& class_indices,
                                    const ClassOptions& options, MaskedLabels masked_labels)
    : options_(options),
      recording_(name, layout_of<T>(name, predictions_name, predictions, class_indices, options), inputs) {
  take_options(predictions_name, predictions, class_indices, masked_labels);
}

template <class T>
void LossOverClasses<T>::check_probabilities(Variable<T> predictions) const {
  if (!checks_predictions()) return;
  const std::optional<std::size_t> sample =
      first_sample_without([&](const T* p) { return is_distribution(p); }, predictions.data());
  if (sample) throw_no_probabilities(recording_.name(), sample_name(*sample));
}

template <class T>
void LossOverClasses<T>::check_log_probabilities(Variable<T> predictions) const {
  if (!checks_predictions()) return;
  const Slices& slices = labels_.slices;
  const std::optional<std::size_t> sample = first_sample_without(
      [&](const T* logs) { return are_nearly_logarithms(logs, slices.length, slices.step); },
      predictions.data());
  if (sample)
    throw_no_log_probabilities(recording_.name(), sample_name(*sample),
                               is_distribution(predictions.data() + slices.start(*sample)));
}

template <class T>
void LossOverClasses<T>::copy_indices() {
  const auto copy = recording_.template save<std::int64_t>(indices_.shape());
  for (std::size_t s = 0; s < copy.size(); ++s) copy[s] = recording_.is_valid(s) ? indices_[s] : 0;
  set_indices(copy);
}

template <class T>
void LossOverClasses<T>::make_labels() {
  recording_.set_target_weights(target_weights_, false);
  if (labels_stand_as_they_are()) return;
  const double spread = options_.label_smoothing;
  const auto kept = recording_.template save<double>({labels_.classes()}),
             added = recording_.template save<double>({labels_.classes()});
  for (std::size_t j = 0; j < labels_.classes(); ++j) {
    kept[j] = labels_.class_weight(j) * (1 - spread);
    added[j] = kernels::weighted(spread * labels_.prior_of(j), labels_.class_weight(j));
  }
  labels_.are_made = true;
  labels_.kept = kept.data();
  labels_.added = added.data();
  if (spread > 0 && !labels_.has_own_masses()) labels_.mass = labels_.prior_mass(0);
}

template <class T>
Variable<T> LossOverClasses<T>::finish_hard(FunctionRef<double(const Sample<T>&)> loss_of) {
  keep_labels_hard();
  return recording_.finish(options_.reduction, [&](const SampleBlock<T>& block) {
    write_one_by_one(block, [&](const Sample<T>& sample) { return labels_.hard_loss(sample, loss_of); });
  });
}

template <class T>
Variable<T> LossOverClasses<T>::finish(FunctionRef<double(const Sample<T>&, const double* t)> loss_of) {
  make_labels();
  return recording_.finish(options_.reduction, [&](const SampleBlock<T>& block) {
    write_one_by_one(block, [&](const Sample<T>& sample) { return labels_.labelled_loss(sample, loss_of); });
  });
}

template <class T>
Variable<T> LossOverClasses<T>::finish_softmax(TermOfClass term, ZeroLabels zero_labels) {
  return finish([&](const Sample<T>& sample, const double* t) {
    Workspace workspace;
    const SoftmaxRow<T> row(sample.x, sample.length, temperature(), workspace);
    return loss_of_softmax(row, sample, t, term, zero_labels, 0);
  });
}

template <class T>
void LossOverClasses<T>::take_options(const char* predictions_name, const Shape& predictions,
                                      const ClassLabels<T>& labels, MaskedLabels masked_labels) {
  const std::size_t classes = recording_.slices().length;
  const bool has_indices = labels.indices() != nullptr;
  labels_.slices = recording_.slices();
  labels_.has_indices = has_indices;
  labels_.label_smoothing = options_.label_smoothing;
  require_class_options(recording_.name(), predictions_name, predictions, classes, has_indices, options_);
  recording_.weigh(options_.sample_weights);
  recording_.leave_out(options_.mask);
  if (options_.class_weights->given()) {
    labels_.class_weights = recording_.save_copy("class_weights", *options_.class_weights).data();
  } else if (options_.alpha->given()) {
    const ArrayView<const double> alpha = recording_.save_copy("alpha", *options_.alpha);
    labels_.class_weights = recording_.template broadcast<double>(alpha, {classes}).data();
  }
  if (options_.smoothing_prior->given()) {
    labels_.prior = recording_.save_copy("smoothing_prior", *options_.smoothing_prior).data();
  }
  if (options_.class_mask->given()) {
    labels_.class_mask = recording_.save_copy("class_mask", *options_.class_mask).data();
    labels_.class_mask_is_full = options_.class_mask->shape() != Shape{classes};
  }
  if (has_indices) take_indices(predictions_name, predictions, *labels.indices());
  if (labels_.class_mask != nullptr) leave_out_samples_without_classes();
  if (has_indices && masked_labels == MaskedLabels::refused) require_unmasked_labels();
  if (labels_.class_mask != nullptr && options_.label_smoothing > 0) require_prior_left();
  take_target_weights();
  if (recording_.checks_logits()) check_shape_and_soft_labels(predictions_name, predictions);
}

template <class T>
void LossOverClasses<T>::check_shape_and_soft_labels(const char* predictions_name,
                                                     const Shape& predictions) const {
  require_two_classes(recording_.name(), predictions_name, predictions, options_.axis);
  if (labels_.has_indices) return;
  const std::optional<std::size_t> sample =
      first_sample_without([&](const T* t) { return is_distribution(t); }, recording_.labels());
  if (sample) throw_no_distribution(recording_.name(), sample_name(*sample));
}

// What a mask leaves of a sample need not sum to 1.
template <class T>
bool LossOverClasses<T>::checks_predictions() const {
  return recording_.checks_logits() && labels_.class_mask == nullptr;
}

template <class T>
bool LossOverClasses<T>::is_distribution(const T* numbers) const {
  return are_nearly_distribution(numbers, labels_.slices.length, labels_.slices.step);
}

// Of those that count.
template <class T>
std::optional<std::size_t> LossOverClasses<T>::first_sample_without(FunctionRef<bool(const T*)> property,
                                                                    const T* array) const {
  for (std::size_t s = 0; s < recording_.samples(); ++s) {
    if (recording_.is_valid(s) && !property(array + labels_.slices.start(s))) return s;
  }
  return std::nullopt;
}

template <class T>
std::string LossOverClasses<T>::sample_name(std::size_t sample) const {
  return element_name("sample", recording_.sample_shape(), sample);
}

template <class T>
bool LossOverClasses<T>::labels_stand_as_they_are() const {
  return !labels_.has_indices && labels_.class_weights == nullptr && options_.label_smoothing == 0 &&
         labels_.class_mask == nullptr;
}

template <class T>
void LossOverClasses<T>::take_indices(const char* predictions_name, const Shape& predictions,
                                      const Indices& indices) {
  const IndexRange range{.noun = "classes",
                         .count = labels_.classes(),
                         .array = predictions_name,
                         .shape = predictions,
                         .skippable = Skippable::all};
  set_indices(recording_.read(indices));
  if (options_.ignore_index) recording_.expect_left_out_samples();
  if (all_in_range(range)) return;
  bool some_are_left_out = false;
  for (std::size_t s = 0; s < indices_.size(); ++s) {
    if (range.contains(indices_[s]) && indices_[s] != options_.ignore_index) continue;
    if (recording_.is_valid(s) && indices_[s] != options_.ignore_index) {
      throw_outside_range(recording_.name(), "class_indices", indices_, s, range);
    }
    recording_.leave_out(s);
    some_are_left_out = true;
  }
  if (some_are_left_out) copy_indices();
}

// Also of samples that are left out, so that nothing remains to be done.
template <class T>
bool LossOverClasses<T>::all_in_range(const IndexRange& range) const {
  if (options_.ignore_index && range.contains(*options_.ignore_index)) {
    if (std::ranges::find(indices_, *options_.ignore_index) != indices_.end()) return false;
  }
  // One that is outside makes either sign bit: a loop that compilers turn into vector instructions.
  const std::uint64_t last = range.count - 1;
  std::uint64_t outside = 0;
  for (const std::int64_t index : indices_) {
    const auto bits = static_cast<std::uint64_t>(index);
    outside |= bits | (last - bits);
  }
  return outside >> 63 == 0;
}

template <class T>
void LossOverClasses<T>::set_indices(ArrayView<const std::int64_t> indices) {
  indices_ = indices;
  labels_.indices = indices.data();
}

template <class T>
void LossOverClasses<T>::leave_out_samples_without_classes() {
  for (std::size_t s = 0; s < recording_.samples(); ++s) {
    bool any = false;
    for (std::size_t j = 0; j < labels_.classes() && !any; ++j) any = !labels_.is_masked(s, j);
    if (!any) recording_.leave_out(s);
  }
}

template <class T>
void LossOverClasses<T>::require_unmasked_labels() const {
  for (std::size_t s = 0; s < recording_.samples(); ++s) {
    if (recording_.is_valid(s) && labels_.is_masked(s, static_cast<std::size_t>(indices_[s]))) {
      throw_masked_class(recording_.name(), indices_, s);
    }
  }
}

template <class T>
void LossOverClasses<T>::require_prior_left() const {
  for (std::size_t s = 0; s < recording_.samples(); ++s) {
    if (recording_.is_valid(s) && labels_.prior_mass(s) == 0) {
      throw_no_prior_left(recording_.name(), recording_.sample_shape(), s);
    }
  }
}

template <class T>
void LossOverClasses<T>::take_target_weights() {
  const bool used = labels_.has_indices
                        ? labels_.class_weights != nullptr
                        : options_.reduction.kind() == Reduction::Kind::mean &&
                              options_.reduction.divisor() == Divisor::sum_of_target_class_weights;
  if (!used) return;
  const auto weights = recording_.template save<double>(recording_.sample_shape());
  const Slices& slices = recording_.slices();
  for (std::size_t s = 0; s < weights.size(); ++s) {
    weights[s] = 0;
    if (!recording_.is_valid(s)) continue;
    if (labels_.has_indices) {
      weights[s] = labels_.class_weights[static_cast<std::size_t>(indices_[s])];
      continue;
    }
    for (std::size_t j = 0; j < labels_.classes(); ++j) {
      if (!labels_.is_masked(s, j)) {
        const double label = recording_.labels()[slices.start(s) + j * slices.step];
        weights[s] += kernels::weighted(label, labels_.class_weight(j));
      }
    }
  }
  target_weights_ = weights;
}

template class LossOverClasses<float>;
template class LossOverClasses<double>;

}  // namespace xtape::losses
