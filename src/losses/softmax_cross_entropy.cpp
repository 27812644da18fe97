// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/softmax_cross_entropy.hpp"

#include <cmath>

#include "kernels/cross_entropy.hpp"
#include "losses/check_logits.hpp"
#include "losses/class_loss.hpp"

namespace xtape::losses {

template <class T>
Variable<T> softmax_cross_entropy(Variable<T> logits, std::type_identity_t<ClassLabels<T>> labels,
                                  const SoftmaxCrossEntropyOptions& options) {
  const char* const name = "softmax_cross_entropy";
  const double z_loss = options.z_loss;
  require_in_range(name, "z_loss", z_loss, 0, INFINITY);
  check_class_logits(name, logits, options.axis);
  ClassLoss<T> loss(name, "logits", logits, labels, ClassOptions(options), MaskedLabels::counted);
  const auto label_logit = [&loss, x = logits.data()](const Sample<T>& sample) {
    return x[sample.start + loss.class_of(sample) * sample.step];
  };

  if (loss.labels_are_hard() && z_loss == 0) {
    return loss.finish_hard([&](const Sample<T>& sample) {
      return kernels::softmax_cross_entropy(sample.x, sample.length, loss.class_of(sample),
                                            label_logit(sample), sample.gradient);
    });
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
      const double nats = static_cast<double>(normal.max) - label_logit(sample) + normal.log_rest();
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
