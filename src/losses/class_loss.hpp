// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "core/index_range.hpp"
#include "kernels/sum.hpp"
#include "kernels/weighted.hpp"
#include "losses/loss_recording.hpp"

namespace xtape::losses {

// The options that losses over classes have in common, taken from those of a family; a family leaves away
// what makes no sense for it.
struct ClassOptions {
  template <class Options>
  explicit ClassOptions(const Options& options)
      : axis(options.axis),
        sample_weights(options.sample_weights),
        mask(options.mask),
        ignore_index(options.ignore_index),
        reduction(options.reduction) {
    if constexpr (requires { options.class_weights; }) class_weights = &options.class_weights;
    if constexpr (requires { options.alpha; }) alpha = &options.alpha;
    if constexpr (requires { options.class_mask; }) class_mask = &options.class_mask;
    if constexpr (requires { options.label_smoothing; }) {
      takes_soft_labels = true;
      label_smoothing = options.label_smoothing;
      smoothing_prior = &options.smoothing_prior;
    }
  }

  int axis;
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
                   predictions, "soft_labels", labels.soft()),
        classes_(recording_.slices().length),
        has_indices_(labels.indices() != nullptr),
        class_mask_is_full_(options.class_mask->shape() != Shape{classes_}) {
    require_class_options(name, predictions_name, predictions.shape(), classes_, has_indices_, options);
    recording_.weigh(options.sample_weights);
    recording_.leave_out(options.mask);
    if (options.class_weights->given()) {
      class_weights_ = recording_.save_copy("class_weights", *options.class_weights);
    } else if (options.alpha->given()) {
      const ArrayView<const double> alpha = recording_.save_copy("alpha", *options.alpha);
      class_weights_ = recording_.template broadcast<double>(alpha, {classes_});
    }
    if (options.smoothing_prior->given()) {
      prior_ = recording_.save_copy("smoothing_prior", *options.smoothing_prior);
    }
    if (options.class_mask->given()) {
      class_mask_ = recording_.save_copy("class_mask", *options.class_mask);
    }
    if (has_indices_) take_indices(name, predictions_name, predictions.shape(), *labels.indices());
    if (!class_mask_.empty()) leave_out_samples_without_classes();
    if (has_indices_ && masked_labels == MaskedLabels::refused) require_unmasked_labels(name);
    if (!class_mask_.empty() && options.label_smoothing > 0) require_prior_left(name);
    take_target_weights();
  }

  // Every sample has one class, and the options leave it at that.
  bool labels_are_hard() const { return has_indices_ && options_.label_smoothing == 0; }

  bool has_class_mask() const { return !class_mask_.empty(); }
  bool is_valid(const Sample<T>& sample) const { return recording_.is_valid(sample.index); }

  // The labels are a variable that needs a gradient.
  bool has_label_gradient() const { return recording_.has_label_gradient(); }

  // A class index may be masked, so that a part of its label is outside the row.
  bool has_masked_smoothed_label() const {
    return has_indices_ && !labels_are_hard() && !class_mask_.empty();
  }

  // Of a sample with a class index.
  bool has_indices() const { return has_indices_; }
  std::size_t class_of(const Sample<T>& sample) const {
    return static_cast<std::size_t>(indices_[sample.index]);
  }
  double class_weight(std::size_t j) const { return class_weights_.empty() ? 1 : class_weights_[j]; }

  bool is_masked(std::size_t sample, std::size_t j) const {
    if (class_mask_.empty()) return false;
    const Slices& slices = recording_.slices();
    return !class_mask_[class_mask_is_full_ ? slices.start(sample) + j * slices.step : j];
  }

  // loss_of(sample) returns the loss of a sample with a hard label; its class weight is applied to that. The
  // logits of masked classes are -inf.
  template <class LossOf>
  Variable<T> finish_hard(LossOf loss_of) {
    recording_.set_target_weights(target_weights_, true);
    return recording_.finish(options_.reduction, [&](const Sample<T>& sample) {
      const double loss = loss_of(without_masked_classes(sample));
      clear_masked_gradients(sample);
      return without_worthless_label(sample, loss);
    });
  }

  // loss_of(sample, t) returns the loss of a sample with the labels t, into which the options have been
  // worked. The logits of masked classes are -inf, their labels 0.
  template <class LossOf>
  Variable<T> finish(LossOf loss_of) {
    recording_.set_target_weights(target_weights_, false);
    if (labels_stand_as_they_are()) {
      return recording_.finish(options_.reduction,
                               [&](const Sample<T>& sample) { return loss_of(sample, sample.labels); });
    }
    take_labels();
    return recording_.finish(options_.reduction, [&](const Sample<T>& sample) {
      double* labels = scratch<double, Scratch::worked_labels>(classes_);
      write_labels(sample, labels);
      const double loss = loss_of(without_masked_classes(sample), static_cast<const double*>(labels));
      clear_masked_gradients(sample);
      chain_label_gradient(sample);
      return loss;
    });
  }

  // The same two for many samples at a time, without gradients of labels: loss_of(rows) for hard labels,
  // whose classes are classes_of(rows), or loss_of(rows with the labels t).
  template <class LossOf>
  Variable<T> finish_rows(LossOf loss_of) {
    const bool is_hard = labels_are_hard();
    const bool makes_labels = !is_hard && !labels_stand_as_they_are();
    if (makes_labels) take_labels();
    recording_.set_target_weights(target_weights_, is_hard);
    return recording_.finish_rows(options_.reduction, [&](SampleRows<T> rows) {
      if (makes_labels) {
        T* labels = scratch<T, Scratch::worked_labels>(rows.range.elements());
        for (std::size_t row = 0; row < rows.count(); ++row) write_labels(rows[row], labels + row * classes_);
        rows.labels = labels;
      }
      if (!class_mask_.empty()) {
        T* x = scratch<T, Scratch::unmasked_x>(rows.range.elements());
        for (std::size_t row = 0; row < rows.count(); ++row) copy_unmasked(rows[row], x + row * classes_);
        rows.x = x;
      }
      loss_of(rows);
      for (std::size_t row = 0; row < rows.count() && !class_mask_.empty(); ++row)
        clear_masked_gradients(rows[row], rows.scale_of(row));
      for (std::size_t row = 0; row < rows.count() && is_hard && !class_weights_.empty(); ++row) {
        rows.losses[row] = without_worthless_label(rows[row], rows.losses[row], rows.scale_of(row));
      }
    });
  }
  const std::int64_t* classes_of(const SampleRows<T>& rows) const { return &indices_[rows.range.begin]; }

 private:
  bool labels_stand_as_they_are() const {
    return !has_indices_ && class_weights_.empty() && options_.label_smoothing == 0 && class_mask_.empty();
  }

  void take_indices(const char* name, const char* predictions_name, const Shape& predictions,
                    const Indices& indices) {
    const IndexRange range{.noun = "classes",
                           .count = classes_,
                           .array = predictions_name,
                           .shape = predictions,
                           .can_skip = true};
    indices_ = recording_.read(indices);
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
    if (some_are_left_out) replace_left_out_indices();
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

  // By any class, so that nobody need ask before looking one up.
  void replace_left_out_indices() {
    const auto copy = recording_.template save<std::int64_t>(indices_.shape());
    for (std::size_t s = 0; s < copy.size(); ++s) copy[s] = recording_.is_valid(s) ? indices_[s] : 0;
    indices_ = copy;
  }

  void leave_out_samples_without_classes() {
    for (std::size_t s = 0; s < recording_.samples(); ++s) {
      bool any = false;
      for (std::size_t j = 0; j < classes_ && !any; ++j) any = !is_masked(s, j);
      if (!any) recording_.leave_out(s);
    }
  }

  void require_unmasked_labels(const char* name) const {
    for (std::size_t s = 0; s < recording_.samples(); ++s) {
      if (recording_.is_valid(s) && is_masked(s, static_cast<std::size_t>(indices_[s]))) {
        throw_masked_class(name, indices_, s);
      }
    }
  }

  void require_prior_left(const char* name) const {
    for (std::size_t s = 0; s < recording_.samples(); ++s) {
      if (recording_.is_valid(s) && prior_mass(s) == 0) {
        throw_no_prior_left(name, recording_.sample_shape(), s);
      }
    }
  }

  void take_target_weights() {
    const bool used = has_indices_ ? !class_weights_.empty()
                                   : options_.reduction.kind() == Reduction::Kind::mean &&
                                         options_.reduction.divisor() == Divisor::sum_of_target_class_weights;
    if (!used) return;
    const auto weights = recording_.template save<double>(recording_.sample_shape());
    const Slices& slices = recording_.slices();
    for (std::size_t s = 0; s < weights.size(); ++s) {
      weights[s] = 0;
      if (!recording_.is_valid(s)) continue;
      if (has_indices_) {
        weights[s] = class_weights_[static_cast<std::size_t>(indices_[s])];
        continue;
      }
      for (std::size_t j = 0; j < classes_; ++j) {
        if (!is_masked(s, j)) {
          const double label = recording_.labels()[slices.start(s) + j * slices.step];
          weights[s] += kernels::weighted(label, class_weight(j));
        }
      }
    }
    target_weights_ = weights;
  }

  double prior(std::size_t j) const { return prior_.empty() ? 1 : prior_[j]; }

  double prior_mass(std::size_t sample) const {
    kernels::Sum<double> mass;
    for (std::size_t j = 0; j < classes_; ++j) {
      if (!is_masked(sample, j)) mass.add(prior(j));
    }
    return mass.value();
  }

  // From what is given to t_j = kept_j given_j + added_j / mass, where `mass` is that of the prior.
  void take_labels() {
    const double spread = options_.label_smoothing;
    const auto kept = recording_.template save<double>({classes_}),
               added = recording_.template save<double>({classes_});
    for (std::size_t j = 0; j < classes_; ++j) {
      kept[j] = class_weight(j) * (1 - spread);
      added[j] = kernels::weighted(spread * prior(j), class_weight(j));
    }
    kept_ = kept;
    added_ = added;
    if (spread > 0 && !has_own_masses()) mass_ = prior_mass(0);
  }

  // Which classes share the prior differs from sample to sample.
  bool has_own_masses() const { return !class_mask_.empty() && class_mask_is_full_; }

  template <class Number>
  void write_labels(const Sample<T>& sample, Number* t) const {
    const bool has_own_mass = options_.label_smoothing > 0 && has_own_masses();
    const double mass = has_own_mass ? prior_mass(sample.index) : mass_;
    if (has_indices_) {
      for (std::size_t j = 0; j < classes_; ++j) t[j] = static_cast<Number>(added_[j] / mass);
      const std::size_t y = class_of(sample);
      t[y] = static_cast<Number>(kept_[y] + added_[y] / mass);
    } else if constexpr (std::is_same_v<Number, T>) {
      kernels::kernels<T>().work_labels(sample.labels, kept_.data(), added_.data(), mass, t, classes_);
    } else {
      for (std::size_t j = 0; j < classes_; ++j) {
        t[j] = kernels::weighted(static_cast<double>(sample.labels[j]), kept_[j]) + added_[j] / mass;
      }
    }
    if (class_mask_.empty()) return;
    for (std::size_t j = 0; j < classes_; ++j) t[j] = is_masked(sample.index, j) ? 0 : t[j];
  }

  void copy_unmasked(const Sample<T>& sample, T* row) const {
    for (std::size_t j = 0; j < classes_; ++j) {
      row[j] = is_masked(sample.index, j) ? -std::numeric_limits<T>::infinity() : sample.x[j];
    }
  }

  Sample<T> without_masked_classes(Sample<T> sample) const {
    if (class_mask_.empty()) return sample;
    T* row = scratch<T, Scratch::unmasked_x>(classes_);
    copy_unmasked(sample, row);
    sample.x = row;
    return sample;
  }

  // A label of weight 0 counts for nothing, also where the loss or its slope is infinite.
  double without_worthless_label(const Sample<T>& sample, double loss, double scale = 1) const {
    if (class_weight(class_of(sample)) != 0 || std::isnan(loss)) return loss;
    if (sample.gradient != nullptr) {
      std::fill_n(sample.gradient, sample.length, static_cast<T>(0 * scale));
    }
    return 0;
  }

  // They are 0, also beside NaN, times the scale. Only a class index that is masked itself has a gradient.
  void clear_masked_gradients(const Sample<T>& sample, double scale = 1) const {
    if (class_mask_.empty() || sample.gradient == nullptr) return;
    for (std::size_t j = 0; j < classes_; ++j) {
      const bool is_label = has_indices_ && j == class_of(sample);
      if (is_masked(sample.index, j) && !is_label) sample.gradient[j] = static_cast<T>(0 * scale);
    }
  }

  // From the labels that the loss saw to those that were given. One that is multiplied by 0 has no slope,
  // also where its class is impossible.
  void chain_label_gradient(const Sample<T>& sample) const {
    if (sample.label_gradient == nullptr) return;
    for (std::size_t j = 0; j < classes_; ++j) {
      const double slope = class_weight(j) * (1 - options_.label_smoothing);
      sample.label_gradient[j] =
          is_masked(sample.index, j) || slope == 0 ? T{0} : static_cast<T>(slope * sample.label_gradient[j]);
    }
  }

  ClassOptions options_;
  LossRecording<T> recording_;
  std::size_t classes_;
  bool has_indices_;
  bool class_mask_is_full_;
  ArrayView<const std::int64_t> indices_;
  ArrayView<const double> class_weights_;
  ArrayView<const double> prior_;  // no elements: uniform
  ArrayView<const bool> class_mask_;
  ArrayView<const double> target_weights_;
  ArrayView<const double> kept_, added_;
  double mass_ = 1;
};

}  // namespace xtape::losses
