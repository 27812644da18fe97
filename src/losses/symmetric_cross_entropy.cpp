// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/symmetric_cross_entropy.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/weighted.hpp"
#include "losses/check_logits.hpp"
#include "losses/loss_over_classes.hpp"
#include "losses/option_checks.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> symmetric_cross_entropy(Variable<T> logits, std::type_identity_t<ClassLabels<T>> labels,
                                    const SymmetricCrossEntropyOptions& options) {
  const char* const name = "symmetric_cross_entropy";
  const double alpha = options.alpha, beta = options.beta, most = -options.log_of_zero;
  require_in_range(name, "alpha", alpha, 0, INFINITY);
  require_in_range(name, "beta", beta, 0, INFINITY);
  require_in_range(name, "log_of_zero", options.log_of_zero, -INFINITY, 0);
  check_class_logits(name, logits, options.axis);
  LossOverClasses<T> loss(name, "logits", logits, labels, ClassOptions(options));
  const auto term = [=](double label, const ClassOdds& odds) {
    const double cost = label == 0 ? most : std::min(-std::log(label), most);  // of the class, in reverse
    // Of any costs that differ by a constant the slope is the same. Those up to the most pull in one
    // direction.
    return ClassTerm{kernels::weighted(alpha, kernels::weighted(label, odds.nats)) + beta * odds.p() * cost,
                     alpha * label + beta * odds.p() * (most - cost),
                     kernels::weighted(alpha, odds.nats) - (cost < most ? beta * odds.p() / label : 0)};
  };
  return loss.finish_softmax(term, ZeroLabels::count);
}

template Variable<float> symmetric_cross_entropy(Variable<float>, ClassLabels<float>,
                                                 const SymmetricCrossEntropyOptions&);
template Variable<double> symmetric_cross_entropy(Variable<double>, ClassLabels<double>,
                                                  const SymmetricCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
