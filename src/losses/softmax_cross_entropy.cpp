// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/softmax_cross_entropy.hpp"

#include <cmath>

#include "kernels/cross_entropy.hpp"
#include "losses/check_logits.hpp"
#include "losses/class_loss.hpp"

namespace xtape::losses {
namespace {

// One sample, of any logits: the kernels leave those to it in which the largest is not finite.
template <class T>
double soft_loss(const Sample<T>& sample, const T* t) {
  return kernels::softmax_loss(
      kernels::normaliser(sample.x, sample.length, 1), sample.x, t, sample.length, 0,
      [](double label, double nats, double, double) {
        return kernels::ClassTerm{label * nats, label, nats};
      },
      scratch<double, Scratch::pulls>(sample.length), sample.gradient, sample.label_gradient);
}

// Those of masked classes are not among the logits of the rows.
template <class T>
const T* gather_label_logits(const ClassLoss<T>& loss, const SampleRows<T>& rows, const T* logits) {
  T* label_logits = scratch<T, Scratch::label_logits>(rows.count());
  for (std::size_t row = 0; row < rows.count(); ++row) {
    const Sample<T> sample = rows[row];
    label_logits[row] = logits[sample.start + loss.class_of(sample) * sample.step];
  }
  return label_logits;
}

bool any_nan(const double* losses, std::size_t count) {
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) any |= losses[i] != losses[i];
  return any;
}

template <class T>
Variable<T> finish_with_kernels(ClassLoss<T>& loss, const T* logits) {
  return loss.finish_rows([&loss, logits](const SampleRows<T>& rows) {
    const bool is_hard = loss.labels_are_hard();
    const T* label_logits =
        is_hard && loss.has_class_mask() ? gather_label_logits(loss, rows, logits) : nullptr;
    kernels::kernels<T>().softmax_cross_entropy({.rows = rows.count(),
                                                 .classes = rows.length(),
                                                 .x = rows.x,
                                                 .labels = is_hard ? loss.classes_of(rows) : nullptr,
                                                 .label_logits = label_logits,
                                                 .soft_labels = is_hard ? nullptr : rows.labels,
                                                 .scales = rows.scales,
                                                 .scale = rows.scale,
                                                 .losses = rows.losses,
                                                 .gradient = rows.gradient});
    if (!any_nan(rows.losses, rows.count())) return;
    for (std::size_t row = 0; row < rows.count(); ++row) {
      const Sample<T> sample = rows[row];
      if (!std::isnan(rows.losses[row]) || !loss.is_valid(sample)) continue;
      if (is_hard) {
        const std::size_t y = loss.class_of(sample);
        const T label_logit = label_logits == nullptr ? sample.x[y] : label_logits[row];
        rows.losses[row] =
            kernels::softmax_cross_entropy(sample.x, sample.length, y, label_logit, sample.gradient);
      } else {
        rows.losses[row] = soft_loss(sample, sample.labels);
      }
      LossRecording<T>::scale(sample, rows.scale_of(row));
    }
  });
}

}  // namespace

template <class T>
Variable<T> softmax_cross_entropy(Variable<T> logits, std::type_identity_t<ClassLabels<T>> labels,
                                  const SoftmaxCrossEntropyOptions& options) {
  const char* const name = "softmax_cross_entropy";
  const double z_loss = options.z_loss;
  require_in_range(name, "z_loss", z_loss, 0, INFINITY);
  check_class_logits(name, logits, options.axis);
  ClassLoss<T> loss(name, "logits", logits, labels, ClassOptions(options), MaskedLabels::counted);
  if (z_loss == 0 && !loss.has_label_gradient() && !loss.has_masked_smoothed_label()) {
    return finish_with_kernels(loss, logits.data());
  }

  return loss.finish([&](const Sample<T>& sample, const auto* t) {
    const auto normal = kernels::normaliser(sample.x, sample.length, 1);
    const double log_sum = static_cast<double>(normal.max) + normal.log_rest();
    // A class index that is masked has its label outside the row.
    const bool label_is_masked = loss.has_indices() && loss.is_masked(sample.index, loss.class_of(sample));
    const double outside =
        label_is_masked ? loss.class_weight(loss.class_of(sample)) * (1 - options.label_smoothing) : 0;
    const double mass = outside + (z_loss > 0 ? 2 * z_loss * log_sum : 0);

    double value = kernels::softmax_loss(
        normal, sample.x, t, sample.length, mass,
        [](double label, double nats, double, double) {
          return kernels::ClassTerm{label * nats, label, nats};
        },
        scratch<double, Scratch::pulls>(sample.length), sample.gradient, sample.label_gradient);
    if (z_loss > 0) value += z_loss * log_sum * log_sum;
    if (label_is_masked) {
      const T label_logit = logits.data()[sample.start + loss.class_of(sample) * sample.step];
      const double nats = static_cast<double>(normal.max) - label_logit + normal.log_rest();
      value += kernels::weighted(outside, nats);
      if (sample.gradient != nullptr) sample.gradient[loss.class_of(sample)] = static_cast<T>(-outside);
    }
    return value;
  });
}

template Variable<float> softmax_cross_entropy(Variable<float>, ClassLabels<float>,
                                               const SoftmaxCrossEntropyOptions&);
template Variable<double> softmax_cross_entropy(Variable<double>, ClassLabels<double>,
                                                const SoftmaxCrossEntropyOptions&);

}  // namespace xtape::losses
