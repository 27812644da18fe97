// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/softmax_cross_entropy.hpp"

#include <cmath>

#include "losses/check_logits.hpp"
#include "losses/loss_over_classes.hpp"
#include "losses/option_checks.hpp"
#include "losses/softmax_cross_entropy_of_block.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> softmax_cross_entropy(Variable<T> logits, std::type_identity_t<ClassLabels<T>> labels,
                                  const SoftmaxCrossEntropyOptions& options) {
  const char* const name = "softmax_cross_entropy";
  require_in_range(name, "z_loss", options.z_loss, 0, INFINITY);
  check_class_logits(name, logits, options.axis);
  LossOverClasses<T> loss(name, "logits", logits, labels, ClassOptions(options), MaskedLabels::counted);
  return loss.recording().finish(options.reduction, SoftmaxCrossEntropyOfBlock<T>(loss, options.z_loss));
}

template Variable<float> softmax_cross_entropy(Variable<float>, ClassLabels<float>,
                                               const SoftmaxCrossEntropyOptions&);
template Variable<double> softmax_cross_entropy(Variable<double>, ClassLabels<double>,
                                                const SoftmaxCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
