// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "arrays/index_range.hpp"
#include "core/function_ref.hpp"
#include "losses/class_terms.hpp"
#include "losses/loss_recording.hpp"
#include "losses/worked_labels.hpp"

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
    if constexpr (requires { options.temperature; }) temperature = options.temperature;
    if constexpr (requires { options.class_weights; }) class_weights = &options.class_weights;
    if constexpr (requires { alpha = &options.alpha; }) alpha = &options.alpha;
    if constexpr (requires { options.class_mask; }) class_mask = &options.class_mask;
    if constexpr (requires { options.label_smoothing; }) {
      takes_soft_labels = true;
      label_smoothing = options.label_smoothing;
      smoothing_prior = &options.smoothing_prior;
    }
  }

  int axis = -1;
  double temperature = 1;
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

// A loss over classes: from labels of any kind and the options it makes the labels of each sample that count.
template <class T>
class LossOverClasses {
 public:
  // `predictions_name` is what messages call the predictions.
  LossOverClasses(const char* name, const char* predictions_name, Variable<T> predictions,
                  const ClassLabels<T>& labels, const ClassOptions& options,
                  MaskedLabels masked_labels = MaskedLabels::refused);

  // Of predictions that are no variable, but made of the inputs, block by block.
  LossOverClasses(const char* name, const char* predictions_name, const Shape& predictions,
                  std::span<const Variable<T>> inputs, const Indices& class_indices,
                  const ClassOptions& options, MaskedLabels masked_labels = MaskedLabels::refused);

  const WorkedLabels<T>& labels() const { return labels_; }
  double temperature() const { return options_.temperature; }
  LossRecording<T>& recording() { return recording_; }

  // While Tape::check_logits is on, the predictions of samples that count must be probabilities,
  void check_probabilities(Variable<T> predictions) const;
  // or logarithms of some.
  void check_log_probabilities(Variable<T> predictions) const;

  // The labels are a variable that needs a gradient.
  bool has_label_gradient() const { return recording_.has_label_gradient(); }

  // A class index may be masked, so that a part of its label is outside the row.
  bool has_masked_smoothed_label() const {
    return labels_.has_indices && !labels_.are_hard() && labels_.class_mask != nullptr;
  }

  // Of a sample with a class index.
  std::size_t class_of(const Sample<T>& sample) const { return labels_.class_of(sample); }

  // From the caller's memory to the tape. Those of samples that are left out become any class, so that nobody
  // need ask before looking one up.
  void copy_indices();

  // The class weights multiply the losses of samples with hard labels,
  void keep_labels_hard() { recording_.set_target_weights(target_weights_, true); }
  // or are worked into the labels, with the other options.
  void make_labels();

  // loss_of is what WorkedLabels::hard_loss takes,
  Variable<T> finish_hard(FunctionRef<double(const Sample<T>&)> loss_of);
  // or labelled_loss.
  Variable<T> finish(FunctionRef<double(const Sample<T>&, const double* t)> loss_of);
  // The loss of a sample is that of the softmax of its logits.
  Variable<T> finish_softmax(TermOfClass term, ZeroLabels zero_labels = ZeroLabels::add_nothing);

 private:
  void take_options(const char* predictions_name, const Shape& predictions, const ClassLabels<T>& labels,
                    MaskedLabels masked_labels);
  void check_shape_and_soft_labels(const char* predictions_name, const Shape& predictions) const;
  bool checks_predictions() const;
  bool is_distribution(const T* numbers) const;
  std::optional<std::size_t> first_sample_without(FunctionRef<bool(const T*)> property, const T* array) const;
  std::string sample_name(std::size_t sample) const;
  bool labels_stand_as_they_are() const;
  void take_indices(const char* predictions_name, const Shape& predictions, const Indices& indices);
  bool all_in_range(const IndexRange& range) const;
  void set_indices(ArrayView<const std::int64_t> indices);
  void leave_out_samples_without_classes();
  void require_unmasked_labels() const;
  void require_prior_left() const;
  void take_target_weights();

  ClassOptions options_;
  LossRecording<T> recording_;
  WorkedLabels<T> labels_;
  ArrayView<const std::int64_t> indices_;
  ArrayView<const double> target_weights_;
};

}  // namespace xtape::losses
