// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "core/element_name.hpp"
#include "core/format.hpp"
#include "kernels/cross_entropy.hpp"
#include "kernels/cross_entropy_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sum_kernels.hpp"
#include "kernels/weighted.hpp"
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
  double label_smoothing = 0;
  double smoothing_prior = 0;

 private:
  static inline const Weights not_given{};
};

// A loss that is a sum, or a mean along an axis, of the losses of single elements.
template <class T>
class ElementLoss {
 public:
  // `predictions_name` and `labels_name` are what messages call them.
  ElementLoss(const char* name, const char* predictions_name, Variable<T> predictions,
              const char* labels_name, const Labels<T>& labels, const ElementOptions& options)
      : name_(name),
        predictions_name_(predictions_name),
        labels_name_(labels_name),
        shape_(predictions.shape()),
        options_(options),
        recording_(name, layout(labels_name, labels.shape()), predictions, labels_name, &labels),
        class_weights_(broadcast("class_weights", *options.class_weights)) {
    require_in_range(name, "label_smoothing", options.label_smoothing, 0, 1);
    require_in_range(name, "smoothing_prior", options.smoothing_prior, 0, 1);
    recording_.weigh(options.sample_weights);
    recording_.leave_out(options.mask);
  }

  // An option with one number for each element; no elements if it is not given.
  ArrayView<const double> broadcast(const char* option_name, const Weights& option) {
    if (!option.given()) return {};
    require_broadcasts(name_, option_name, option.shape(), predictions_name_, shape_);
    return recording_.template broadcast<double>(recording_.save_copy(option_name, option), shape_);
  }

  LossRecording<T>& recording() { return recording_; }

  // While Tape::check_logits is on, refuses labels outside [no, 1] of samples that count, and those that
  // teach nothing, as 0 does where -1 is no.
  void check_labels(T no = 0) const {
    if (!recording_.checks_logits()) return;
    const Slices& slices = recording_.slices();
    for (std::size_t s = 0; s < recording_.samples(); ++s) {
      if (!recording_.is_valid(s)) continue;
      for (std::size_t j = 0; j < slices.length; ++j) {
        const std::size_t at = slices.start(s) + j * slices.step;
        const T label = recording_.labels()[at];
        if (label < no || label > 1 || (no == -1 && label == 0)) throw_label_outside(label, at, no);
      }
    }
  }

  // term(x, z, i) returns the kernels::ElementTerm of element i with the prediction x and the
  // kernels::ElementLabel z. They are averaged along the axis.
  template <class Term>
  Variable<T> finish_mean(Term term) {
    return finish(term, static_cast<double>(recording_.slices().length));
  }
  // They are added up along the axis.
  template <class Term>
  Variable<T> finish_sum(Term term) {
    return finish(term, 1);
  }

  // The mean along the axis of sigmoid_cross_entropy, without gradients of labels; pos_weights has one number
  // for each element, or none.
  Variable<T> finish_sigmoid_mean(ArrayView<const double> pos_weights) {
    const double spread = options_.label_smoothing, prior = options_.smoothing_prior;
    return recording_.finish_rows(options_.reduction, [=, this](const SampleRows<T>& rows) {
      const std::size_t length = rows.length();
      Workspace workspace;
      kernels::SigmoidElements<T> elements{.count = rows.range.elements(),
                                           .x = rows.x,
                                           .labels = rows.labels,
                                           .kept = 1 - spread,
                                           .added_yes = spread * prior,
                                           .added_no = spread * (1 - prior),
                                           .pos_weights = of_elements(rows, pos_weights, workspace),
                                           .weights = of_elements(rows, class_weights_, workspace),
                                           .scales = rows.scales,
                                           .scale = rows.scale / static_cast<double>(length),
                                           .losses = rows.losses,
                                           .gradient = rows.gradient};
      if (length != 1) {
        elements.losses = workspace.take<double>(elements.count);
        if (rows.scales != nullptr) elements.scales = scales_of_elements(rows, workspace);
      }
      kernels::kernel<kernels::SigmoidCrossEntropy, T>()(elements);
      for (std::size_t row = 0; row < rows.count() && length != 1; ++row) {
        rows.losses[row] =
            kernels::kernel<kernels::Sums, T>().sum_of_doubles(elements.losses + row * length, length) /
            static_cast<double>(length);
      }
    });
  }

 private:
  static const double* of_elements(const SampleRows<T>& rows, ArrayView<const double> option,
                                   Workspace& workspace) {
    return option.empty() ? nullptr : rows.range.gather(option.data(), workspace);
  }

  static const double* scales_of_elements(const SampleRows<T>& rows, Workspace& workspace) {
    double* scales = workspace.take<double>(rows.range.elements());
    for (std::size_t row = 0; row < rows.count(); ++row) {
      std::fill_n(scales + row * rows.length(), rows.length(),
                  rows.scales[row] / static_cast<double>(rows.length()));
    }
    return scales;
  }

  SampleLayout layout(const char* labels_name, const Shape& labels) const {
    const SampleLayout layout = options_.axis
                                    ? SampleLayout::along(name_, predictions_name_, shape_, *options_.axis)
                                    : SampleLayout::elements(shape_);
    require_same_shape(name_, labels_name, labels, predictions_name_, shape_);
    return layout;
  }

  [[noreturn]] void throw_label_outside(T label, std::size_t at, T no) const {
    fail<LabelError>("{}: labels must be in [{}, 1]{}, got {} at {}; write 1 for yes and {} for no{}", name_,
                     no, no == -1 ? " and not 0, which teaches nothing" : "", label,
                     element_name(labels_name_, shape_, at), no,
                     no == 0 && label == -1 ? ", or take soft_margin, whose labels are -1 and 1" : "");
  }

  kernels::ElementLabel smoothed(double given) const {
    const double spread = options_.label_smoothing, prior = options_.smoothing_prior;
    if (spread == 0) return {given, 1 - given};
    return {(1 - spread) * given + spread * prior, (1 - spread) * (1 - given) + spread * (1 - prior)};
  }

  template <class Term>
  Variable<T> finish(Term term, double divisor) {
    const double share = 1 / divisor;
    return recording_.finish(options_.reduction, [&](const Sample<T>& sample) {
      kernels::Sum<T> loss;
      for (std::size_t j = 0; j < sample.length; ++j) {
        const std::size_t at = sample.start + j * sample.step;
        const kernels::ElementTerm part =
            term(static_cast<double>(sample.x[j]), smoothed(sample.labels[j]), at);
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
    });
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
