// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/element_name.hpp"
#include "core/index_range.hpp"
#include "kernels/weighted.hpp"
#include "losses/check_logits.hpp"
#include "losses/class_samples.hpp"
#include "losses/loss_recording.hpp"

namespace xtape::losses {

// The options that losses over classes have in common, taken from those of a family; a family leaves away
// what makes no sense for it.
struct ClassOptions {
  template <class Options>
  explicit ClassOptions(const Options& options)
      : sample_weights(options.sample_weights),
        mask(options.mask),
        ignore_index(options.ignore_index),
        reduction(options.reduction) {
    if constexpr (requires { options.axis; }) axis = options.axis;
    if constexpr (requires { options.class_weights; }) class_weights = &options.class_weights;
    if constexpr (requires { options.alpha; }) alpha = &options.alpha;
    if constexpr (requires { options.class_mask; }) class_mask = &options.class_mask;
    if constexpr (requires { options.label_smoothing; }) {
      takes_soft_labels = true;
      label_smoothing = options.label_smoothing;
      smoothing_prior = &options.smoothing_prior;
    }
  }

  int axis = -1;
  const Weights& sample_weights;
  const Mask& mask;
  std::optional<std::int64_t> ignore_index;
  const Reduction& reduction;
  const Weights* class_weights = &not_given<Weights>;
  const Weights* alpha = &not_given<Weights>;  // class weights, or one number
  const Mask* class_mask = &not_given<Mask>;
  bool takes_soft_labels = false;
  double label_smoothing = 0;
  const Weights* smoothing_prior = &not_given<Weights>;

 private:
  template <class Array>
  static inline const Array not_given{};
};

// Whether a class index may be masked by the class mask.
enum class MaskedLabels { refused, counted };

// The samples of predictions of that shape, along the class axis.
SampleLayout class_layout(const char* loss, const char* predictions_name, const Shape& predictions, int axis);
void require_class_indices_shape(const char* loss, const char* predictions_name, const Shape& predictions,
                                 const Shape& samples, const Shape& indices, bool takes_soft_labels);
void require_soft_labels_shape(const char* loss, const char* predictions_name, const Shape& predictions,
                               const Shape& samples, const Shape& labels);

// Their shapes and ranges, other than those of labels and sample weights.
void require_class_options(const char* loss, const char* predictions_name, const Shape& predictions,
                           std::size_t classes, bool has_indices, const ClassOptions& options);

[[noreturn]] void throw_masked_class(const char* loss, ArrayView<const std::int64_t> indices,
                                     std::size_t sample);
[[noreturn]] void throw_no_prior_left(const char* loss, const Shape& samples, std::size_t sample);

// The same, and the labels fit them.
template <class T>
SampleLayout class_layout(const char* loss, const char* predictions_name, const Shape& predictions,
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

// A loss over classes: from labels of any kind and the options it makes the labels of each sample that count.
template <class T>
class ClassLoss {
 public:
  // `predictions_name` is what messages call the predictions.
  ClassLoss(const char* name, const char* predictions_name, Variable<T> predictions,
            const ClassLabels<T>& labels, const ClassOptions& options,
            MaskedLabels masked_labels = MaskedLabels::refused)
      : options_(options),
        recording_(name, class_layout(name, predictions_name, predictions.shape(), labels, options),
                   predictions, "soft_labels", labels.soft()) {
    take_options(name, predictions_name, predictions.shape(), labels, masked_labels);
  }

  // Of predictions that are no variable, but made of the inputs, block by block.
  ClassLoss(const char* name, const char* predictions_name, const Shape& predictions,
            std::span<const Variable<T>> inputs, const Indices& class_indices, const ClassOptions& options,
            MaskedLabels masked_labels = MaskedLabels::refused)
      : options_(options),
        recording_(name, class_layout<T>(name, predictions_name, predictions, class_indices, options),
                   inputs) {
    take_options(name, predictions_name, predictions, class_indices, masked_labels);
  }

  const ClassSamples<T>& samples() const { return samples_; }
  LossRecording<T>& recording() { return recording_; }

  // While Tape::check_logits is on, the predictions of samples that count must be probabilities,
  void check_probabilities(Variable<T> predictions) const {
    if (!checks_predictions()) return;
    const std::optional<std::size_t> sample =
        first_sample_without([&](const T* p) { return is_distribution(p); }, predictions.data());
    if (sample) throw_no_probabilities(recording_.name(), sample_name(*sample));
  }
  // or logarithms of some.
  void check_log_probabilities(Variable<T> predictions) const {
    if (!checks_predictions()) return;
    const Slices& slices = samples_.slices;
    const std::optional<std::size_t> sample = first_sample_without(
        [&](const T* logs) { return are_nearly_logarithms(logs, slices.length, slices.step); },
        predictions.data());
    if (sample)
      throw_no_log_probabilities(recording_.name(), sample_name(*sample),
                                 is_distribution(predictions.data() + slices.start(*sample)));
  }

  // The labels are a variable that needs a gradient.
  bool has_label_gradient() const { return recording_.has_label_gradient(); }

  // A class index may be masked, so that a part of its label is outside the row.
  bool has_masked_smoothed_label() const {
    return samples_.has_indices && !samples_.labels_are_hard() && samples_.class_mask != nullptr;
  }

  // Of a sample with a class index.
  std::size_t class_of(const Sample<T>& sample) const { return samples_.class_of(sample); }

  // From the caller's memory to the tape. Those of samples that are left out become any class, so that nobody
  // need ask before looking one up.
  void copy_indices() {
    const auto copy = recording_.template save<std::int64_t>(indices_.shape());
    for (std::size_t s = 0; s < copy.size(); ++s) copy[s] = recording_.is_valid(s) ? indices_[s] : 0;
    set_indices(copy);
  }

  // The class weights multiply the losses of samples with hard labels,
  void keep_labels_hard() { recording_.set_target_weights(target_weights_, true); }
  // or are worked into the labels, with the other options.
  void make_labels() {
    recording_.set_target_weights(target_weights_, false);
    if (labels_stand_as_they_are()) return;
    const double spread = options_.label_smoothing;
    const auto kept = recording_.template save<double>({samples_.classes()}),
               added = recording_.template save<double>({samples_.classes()});
    for (std::size_t j = 0; j < samples_.classes(); ++j) {
      kept[j] = samples_.class_weight(j) * (1 - spread);
      added[j] = kernels::weighted(spread * samples_.prior_of(j), samples_.class_weight(j));
    }
    samples_.labels_are_made = true;
    samples_.kept = kept.data();
    samples_.added = added.data();
    if (spread > 0 && !samples_.has_own_masses()) samples_.mass = samples_.prior_mass(0);
  }

  // loss_of(sample) is what ClassSamples::hard_loss takes.
  template <class LossOf>
  Variable<T> finish_hard(const LossOf& loss_of) {
    keep_labels_hard();
    return recording_.finish(options_.reduction,
                             [&](const Sample<T>& sample) { return samples_.hard_loss(sample, loss_of); });
  }

  // loss_of(sample, t) is what ClassSamples::labelled_loss takes.
  template <class LossOf>
  Variable<T> finish(const LossOf& loss_of) {
    make_labels();
    return recording_.finish(
        options_.reduction, [&](const Sample<T>& sample) { return samples_.labelled_loss(sample, loss_of); });
  }

 private:
  void take_options(const char* name, const char* predictions_name, const Shape& predictions,
                    const ClassLabels<T>& labels, MaskedLabels masked_labels) {
    const std::size_t classes = recording_.slices().length;
    const bool has_indices = labels.indices() != nullptr;
    samples_.slices = recording_.slices();
    samples_.has_indices = has_indices;
    samples_.label_smoothing = options_.label_smoothing;
    require_class_options(name, predictions_name, predictions, classes, has_indices, options_);
    recording_.weigh(options_.sample_weights);
    recording_.leave_out(options_.mask);
    if (options_.class_weights->given()) {
      samples_.class_weights = recording_.save_copy("class_weights", *options_.class_weights).data();
    } else if (options_.alpha->given()) {
      const ArrayView<const double> alpha = recording_.save_copy("alpha", *options_.alpha);
      samples_.class_weights = recording_.template broadcast<double>(alpha, {classes}).data();
    }
    if (options_.smoothing_prior->given()) {
      samples_.prior = recording_.save_copy("smoothing_prior", *options_.smoothing_prior).data();
    }
    if (options_.class_mask->given()) {
      samples_.class_mask = recording_.save_copy("class_mask", *options_.class_mask).data();
      samples_.class_mask_is_full = options_.class_mask->shape() != Shape{classes};
    }
    if (has_indices) take_indices(name, predictions_name, predictions, *labels.indices());
    if (samples_.class_mask != nullptr) leave_out_samples_without_classes();
    if (has_indices && masked_labels == MaskedLabels::refused) require_unmasked_labels(name);
    if (samples_.class_mask != nullptr && options_.label_smoothing > 0) require_prior_left(name);
    take_target_weights();
    if (recording_.checks_logits()) check_shape_and_soft_labels(predictions_name, predictions);
  }

  void check_shape_and_soft_labels(const char* predictions_name, const Shape& predictions) const {
    require_two_classes(recording_.name(), predictions_name, predictions, options_.axis);
    if (samples_.has_indices) return;
    const std::optional<std::size_t> sample =
        first_sample_without([&](const T* t) { return is_distribution(t); }, recording_.labels());
    if (sample) throw_no_distribution(recording_.name(), sample_name(*sample));
  }

  // What a mask leaves of a sample need not sum to 1.
  bool checks_predictions() const { return recording_.checks_logits() && samples_.class_mask == nullptr; }

  bool is_distribution(const T* numbers) const {
    return are_nearly_distribution(numbers, samples_.slices.length, samples_.slices.step);
  }

  // Of those that count.
  template <class Property>
  std::optional<std::size_t> first_sample_without(Property property, const T* array) const {
    for (std::size_t s = 0; s < recording_.samples(); ++s) {
      if (recording_.is_valid(s) && !property(array + samples_.slices.start(s))) return s;
    }
    return std::nullopt;
  }

  std::string sample_name(std::size_t sample) const {
    return element_name("sample", recording_.sample_shape(), sample);
  }

  bool labels_stand_as_they_are() const {
    return !samples_.has_indices && samples_.class_weights == nullptr && options_.label_smoothing == 0 &&
           samples_.class_mask == nullptr;
  }

  void take_indices(const char* name, const char* predictions_name, const Shape& predictions,
                    const Indices& indices) {
    const IndexRange range{.noun = "classes",
                           .count = samples_.classes(),
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
        throw_outside_range(name, "class_indices", indices_, s, range);
      }
      recording_.leave_out(s);
      some_are_left_out = true;
    }
    if (some_are_left_out) copy_indices();
  }

  // Also of samples that are left out, so that nothing remains to be done.
  bool all_in_range(const IndexRange& range) const {
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

  void set_indices(ArrayView<const std::int64_t> indices) {
    indices_ = indices;
    samples_.indices = indices.data();
  }

  void leave_out_samples_without_classes() {
    for (std::size_t s = 0; s < recording_.samples(); ++s) {
      bool any = false;
      for (std::size_t j = 0; j < samples_.classes() && !any; ++j) any = !samples_.is_masked(s, j);
      if (!any) recording_.leave_out(s);
    }
  }

  void require_unmasked_labels(const char* name) const {
    for (std::size_t s = 0; s < recording_.samples(); ++s) {
      if (recording_.is_valid(s) && samples_.is_masked(s, static_cast<std::size_t>(indices_[s]))) {
        throw_masked_class(name, indices_, s);
      }
    }
  }

  void require_prior_left(const char* name) const {
    for (std::size_t s = 0; s < recording_.samples(); ++s) {
      if (recording_.is_valid(s) && samples_.prior_mass(s) == 0) {
        throw_no_prior_left(name, recording_.sample_shape(), s);
      }
    }
  }

  void take_target_weights() {
    const bool used = samples_.has_indices
                          ? samples_.class_weights != nullptr
                          : options_.reduction.kind() == Reduction::Kind::mean &&
                                options_.reduction.divisor() == Divisor::sum_of_target_class_weights;
    if (!used) return;
    const auto weights = recording_.template save<double>(recording_.sample_shape());
    const Slices& slices = recording_.slices();
    for (std::size_t s = 0; s < weights.size(); ++s) {
      weights[s] = 0;
      if (!recording_.is_valid(s)) continue;
      if (samples_.has_indices) {
        weights[s] = samples_.class_weights[static_cast<std::size_t>(indices_[s])];
        continue;
      }
      for (std::size_t j = 0; j < samples_.classes(); ++j) {
        if (!samples_.is_masked(s, j)) {
          const double label = recording_.labels()[slices.start(s) + j * slices.step];
          weights[s] += kernels::weighted(label, samples_.class_weight(j));
        }
      }
    }
    target_weights_ = weights;
  }

  ClassOptions options_;
  LossRecording<T> recording_;
  ClassSamples<T> samples_;
  ArrayView<const std::int64_t> indices_;
  ArrayView<const double> target_weights_;
};

}  // namespace xtape::losses
