// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "kernels/sum.hpp"
#include "kernels/weighted.hpp"
#include "losses/element_terms.hpp"
#include "losses/loss_recording.hpp"

namespace xtape::losses {

// The options that losses of single elements have in common, taken from those of a family; a family leaves
// away what makes no sense for it.
struct ElementOptions {
  template <class Options>
  explicit ElementOptions(const Options& options)
      : axis(options.axis),
        sample_weights(options.sample_weights),
        mask(options.mask),
        reduction(options.reduction) {
    if constexpr (requires { options.temperature; }) temperature = options.temperature;
    if constexpr (requires { options.class_weights; }) class_weights = &options.class_weights;
    if constexpr (requires { options.label_smoothing; }) {
      label_smoothing = options.label_smoothing;
      smoothing_prior = options.smoothing_prior;
    }
  }

  std::optional<int> axis;
  const Weights& sample_weights;
  const Mask& mask;
  const Reduction& reduction;
  const Weights* class_weights = &not_given;
  double temperature = 1;
  double label_smoothing = 0;
  double smoothing_prior = 0;

 private:
  static inline const Weights not_given{};
};

// A loss that is a sum, or a mean along an axis, of the losses of single elements.
template <class T>
class LossOverElements {
 public:
  // `predictions_name` and `labels_name` are what messages call them.
  LossOverElements(const char* name, const char* predictions_name, Variable<T> predictions,
                   const char* labels_name, const Labels<T>& labels, const ElementOptions& options);

  // An option with one number for each element; no elements if it is not given.
  ArrayView<const double> broadcast(const char* option_name, const Weights& option);

  LossRecording<T>& recording() { return recording_; }

  // While Tape::check_logits is on, refuses labels outside [no, 1] of samples that count, and those that
  // teach nothing, as 0 does where -1 is no.
  void check_labels(T no = 0) const;

  // term(x, z, i) returns the ElementTerm of element i with the prediction x and the
  // ElementLabel z. They are averaged along the axis.
  template <class Term>
  Variable<T> finish_mean(Term term) {
    return finish(term, static_cast<double>(recording_.slices().length));
  }
  // They are added up along the axis.
  template <class Term>
  Variable<T> finish_sum(Term term) {
    return finish(term, 1);
  }

  // The same of finish_mean with term(x / temperature, z, i) and its slope by that.
  template <class Term>
  Variable<T> finish_logits(Term term) {
    return finish_mean([term, temperature = options_.temperature](double x, ElementLabel z, std::size_t i) {
      ElementTerm part = term(scaled_logit<T>(x, temperature), z, i);
      part.by_prediction /= temperature;
      return part;
    });
  }

  // For a family that has a kernel, which sees to the options itself.
  Variable<T> finish_blocks(LossOfBlock<T> loss_of) { return recording_.finish(options_.reduction, loss_of); }
  ArrayView<const double> class_weights() const { return class_weights_; }

 private:
  SampleLayout layout(const char* labels_name, const Shape& labels) const;
  [[noreturn]] void throw_label_outside(T label, std::size_t at, T no) const;

  ElementLabel smoothed(double given) const {
    const double spread = options_.label_smoothing, prior = options_.smoothing_prior;
    if (spread == 0) return {given, 1 - given};
    return {(1 - spread) * given + spread * prior, (1 - spread) * (1 - given) + spread * (1 - prior)};
  }

  template <class Term>
  Variable<T> finish(Term term, double divisor) {
    return recording_.finish(options_.reduction, [&](const SampleBlock<T>& block) {
      write_one_by_one(block, [&](const Sample<T>& sample) { return loss_of(sample, term, divisor); });
    });
  }

  template <class Term>
  double loss_of(const Sample<T>& sample, const Term& term, double divisor) const {
    const double share = 1 / divisor;
    kernels::Sum<T> loss;
    for (std::size_t j = 0; j < sample.length; ++j) {
      const std::size_t at = sample.start + j * sample.step;
      const ElementTerm part = term(static_cast<double>(sample.x[j]), smoothed(sample.labels[j]), at);
      const double weight = class_weights_.empty() ? 1 : class_weights_[at];
      loss.add(weight * part.value);
      if (part.small_value != 0) loss.add(weight * part.small_value);
      if (sample.gradient != nullptr) {
        sample.gradient[j] = static_cast<T>(weight * share * part.by_prediction);
      }
      if (sample.label_gradient != nullptr) {
        const double kept = 1 - options_.label_smoothing;
        sample.label_gradient[j] = static_cast<T>(weight * share * kernels::weighted(kept, part.by_label));
      }
    }
    return loss.value() / divisor;
  }

  const char* name_;
  const char* predictions_name_;
  const char* labels_name_;
  Shape shape_;
  ElementOptions options_;
  LossRecording<T> recording_;
  ArrayView<const double> class_weights_;
};

}  // namespace xtape::losses
