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

template <class T>
Variable<T> finish_with_kernels(ClassLoss<T>& loss, const T* logits) {
  return loss.finish_rows([&loss, logits](const SampleRows<T>& rows) {
    const bool is_hard = loss.labels_are_hard();
    T* label_logits = scratch<T, Scratch::label_logits>(rows.count());
    const std::int64_t* classes = is_hard ? loss.classes_of(rows) : nullptr;
    for (std::size_t row = 0; row < rows.count() && is_hard; ++row) {
      // Of a masked class it is not among those of the row.
      const Slices& slices = rows.range.slices;
      label_logits[row] =
          logits[slices.start(rows.range.begin + row) + static_cast<std::size_t>(classes[row]) * slices.step];
    }
    kernels::kernels<T>().softmax_cross_entropy({.rows = rows.count(),
                                                 .classes = rows.length(),
                                                 .x = rows.x,
                                                 .labels = classes,
                                                 .label_logits = label_logits,
                                                 .soft_labels = is_hard ? nullptr : rows.labels,
                                                 .scales = rows.scales,
                                                 .scale = rows.scale,
                                                 .losses = rows.losses,
                                                 .gradient = rows.gradient});
    for (std::size_t row = 0; row < rows.count(); ++row) {
      if (!std::isnan(rows.losses[row])) continue;
      const Sample<T> sample = rows[row];
      rows.losses[row] = is_hard
                             ? kernels::softmax_cross_entropy(sample.x, sample.length, loss.class_of(sample),
                                                              label_logits[row], sample.gradient)
                             : soft_loss(sample, sample.labels);
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
