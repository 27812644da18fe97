// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/poly_cross_entropy.hpp"

#include <cmath>

#include "kernels/weighted.hpp"
#include "losses/check_logits.hpp"
#include "losses/loss_over_classes.hpp"
#include "losses/option_checks.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {
namespace {

// -log(1 - c) - c. For a small c that is a small difference of large numbers, so it is the series
// c^2 / 2 + c^3 / 3 + ...
double log_without_first_term(double c, double nats) {
  if (!(c <= 0.5)) return nats - c;
  double sum = 0, power = c * c;
  for (int k = 2; power > sum * 1e-17; ++k) {
    sum += power / k;
    power *= c;
  }
  return sum;
}

}  // namespace

template <class T>
Variable<T> poly_cross_entropy(Variable<T> logits, std::type_identity_t<ClassLabels<T>> labels,
                               const PolyCrossEntropyOptions& options) {
  const char* const name = "poly_cross_entropy";
  require_in_range(name, "epsilon", options.epsilon, -INFINITY, INFINITY);
  check_class_logits(name, logits, options.axis);
  LossOverClasses<T> loss(name, "logits", logits, labels, ClassOptions(options));
  const auto term = [epsilon = options.epsilon](double label, const ClassOdds& odds) {
    const double p = odds.p(), complement = odds.complement().nearest(), nats = odds.nats;
    // Near -1, epsilon takes away the first term of the logarithm, and 1 of the pull.
    const double by_label = epsilon < -0.5
                                ? (1 + epsilon) * complement + log_without_first_term(complement, nats)
                                : nats + epsilon * complement;
    const double pull = p > 0.5 ? (1 + epsilon) - epsilon * complement : 1 + epsilon * p;
    return ClassTerm{kernels::weighted(label, by_label), label * pull, by_label};
  };
  return loss.finish_softmax(term);
}

template Variable<float> poly_cross_entropy(Variable<float>, ClassLabels<float>,
                                            const PolyCrossEntropyOptions&);
template Variable<double> poly_cross_entropy(Variable<double>, ClassLabels<double>,
                                             const PolyCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
