// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/poly_cross_entropy.hpp"

#include <cmath>

#include "kernels/cross_entropy.hpp"
#include "losses/check_logits.hpp"
#include "losses/class_loss.hpp"

namespace xtape::losses {

template <class T>
Variable<T> poly_cross_entropy(Variable<T> logits, std::type_identity_t<ClassLabels<T>> labels,
                               const PolyCrossEntropyOptions& options) {
  const char* const name = "poly_cross_entropy";
  require_in_range(name, "epsilon", options.epsilon, -INFINITY, INFINITY);
  check_class_logits(name, logits, options.axis);
  ClassLoss<T> loss(name, "logits", logits, labels, ClassOptions(options));
  const auto term = [epsilon = options.epsilon](double label, double nats, double p, double complement) {
    const double by_label = nats + epsilon * complement;
    return kernels::ClassTerm{label * by_label, label * (1 + epsilon * p), by_label};
  };
  return loss.finish([&](const Sample<T>& sample, const auto* t) {
    return kernels::softmax_loss(kernels::normaliser(sample.x, sample.length, 1), sample.x, t, sample.length,
                                 0, term, scratch<double, Scratch::pulls>(sample.length), sample.gradient,
                                 sample.label_gradient);
  });
}

template Variable<float> poly_cross_entropy(Variable<float>, ClassLabels<float>,
                                            const PolyCrossEntropyOptions&);
template Variable<double> poly_cross_entropy(Variable<double>, ClassLabels<double>,
                                             const PolyCrossEntropyOptions&);

}  // namespace xtape::losses
