// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

#include "kernels/cross_entropy.hpp"
#include "kernels/cross_entropy_kernels.hpp"
#include "kernels/kernel.hpp"
#include "losses/class_loss.hpp"

namespace xtape::losses {

// Softmax cross-entropy of samples: what SampleLosses::write takes.
template <class T>
class SoftmaxCrossEntropyRows {
 public:
  SoftmaxCrossEntropyRows(ClassLoss<T>& loss, double z_loss)
      : z_loss_(z_loss),
        kernels_suffice_(z_loss == 0 && !loss.has_label_gradient() && !loss.has_masked_smoothed_label()) {
    if (kernels_suffice_ && loss.samples().labels_are_hard()) {
      loss.keep_labels_hard();
    } else {
      loss.make_labels();
    }
    samples_ = loss.samples();
  }

  // Their labels with the options worked in.
  const ClassSamples<T>& samples() const { return samples_; }

  void operator()(const SampleRows<T>& rows) const {
    if (kernels_suffice_) {
      samples_.write_rows(rows, [&](const SampleRows<T>& ready) { write_with_kernels(ready); });
    } else {
      write_one_by_one(rows, [&](const Sample<T>& sample) {
        return samples_.labelled_loss(
            sample, [&](const Sample<T>& ready, const auto* t) { return loss_with_options(ready, t); });
      });
    }
  }

 private:
  void write_with_kernels(const SampleRows<T>& rows) const {
    const bool is_hard = samples_.labels_are_hard();
    Workspace workspace;
    const T* label_logits =
        is_hard && samples_.class_mask != nullptr ? gather_label_logits(rows, workspace) : nullptr;
    kernels::kernel<kernels::SoftmaxCrossEntropy, T>()(
        {.rows = rows.count(),
         .classes = rows.length(),
         .x = rows.x,
         .labels = is_hard ? samples_.classes_of(rows) : nullptr,
         .label_logits = label_logits,
         .soft_labels = is_hard ? nullptr : rows.labels,
         .scales = rows.scales,
         .scale = rows.scale,
         .losses = rows.losses,
         .gradient = rows.gradient});
    if (!any_nan(rows.losses, rows.count())) return;
    // The kernels leave rows to this in which the largest logit is not finite.
    for (std::size_t row = 0; row < rows.count(); ++row) {
      if (!std::isnan(rows.losses[row]) || !rows.is_valid(row)) continue;
      const Sample<T> sample = rows[row];
      if (is_hard) {
        const std::size_t y = samples_.class_of(sample);
        rows.losses[row] =
            kernels::softmax_cross_entropy(sample.x, sample.length, y, sample.given_x[y], sample.gradient);
      } else {
        rows.losses[row] = loss(kernels::normaliser(sample.x, sample.length, 1), sample, sample.labels, 0);
      }
      scale_gradients(sample, rows.scale_of(row));
    }
  }

  // Those of masked classes are not among the logits of the rows.
  const T* gather_label_logits(const SampleRows<T>& rows, Workspace& workspace) const {
    T* label_logits = workspace.take<T>(rows.count());
    for (std::size_t row = 0; row < rows.count(); ++row) {
      const Sample<T> sample = rows[row];
      label_logits[row] = sample.given_x[samples_.class_of(sample)];
    }
    return label_logits;
  }

  static bool any_nan(const double* losses, std::size_t count) {
    bool any = false;
    for (std::size_t i = 0; i < count; ++i) any |= losses[i] != losses[i];
    return any;
  }

  // Any sample, any logits.
  template <class Label>
  double loss_with_options(const Sample<T>& sample, const Label* t) const {
    const auto normal = kernels::normaliser(sample.x, sample.length, 1);
    const double log_sum = static_cast<double>(normal.max) + normal.log_rest();
    // A class index that is masked has its label outside the row.
    const bool label_is_masked =
        samples_.has_indices && samples_.is_masked(sample.index, samples_.class_of(sample));
    const double outside =
        label_is_masked ? samples_.class_weight(samples_.class_of(sample)) * (1 - samples_.label_smoothing)
                        : 0;
    const double mass = outside + (z_loss_ > 0 ? 2 * z_loss_ * log_sum : 0);

    double value = loss(normal, sample, t, mass);
    if (z_loss_ > 0) value += z_loss_ * log_sum * log_sum;
    if (label_is_masked) {
      const std::size_t y = samples_.class_of(sample);
      const double nats = static_cast<double>(normal.max) - sample.given_x[y] + normal.log_rest();
      value += kernels::weighted(outside, nats);
      if (sample.gradient != nullptr) sample.gradient[y] = static_cast<T>(-outside);
    }
    return value;
  }

  // With what pulls of no class of the row add to the sum of the pulls.
  template <class Label>
  static double loss(const kernels::Normaliser<T>& normal, const Sample<T>& sample, const Label* t,
                     double mass) {
    Workspace workspace;
    return kernels::softmax_loss(
        normal, sample.x, t, sample.length, mass,
        [](double label, const kernels::ClassOdds& odds) {
          return kernels::ClassTerm{label * odds.nats, label, odds.nats};
        },
        workspace.take<double>(sample.length), sample.gradient, sample.label_gradient);
  }

  double z_loss_;
  bool kernels_suffice_;
  ClassSamples<T> samples_{};
};

}  // namespace xtape::losses
