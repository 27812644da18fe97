// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/softmax_cross_entropy.hpp"

#include <cmath>

#include "losses/check_logits.hpp"
#include "losses/loss_over_classes.hpp"
#include "losses/option_checks.hpp"
#include "losses/softmax_cross_entropy_of_block.hpp"

// The way of a logit, which is that of other losses over classes too:
//   LossOverClasses             checks the arguments; WorkedLabels are the labels with the options worked in
//   LossRecording::finish       begins the result, and in the end records it with the gradient that is saved
//   LossSum::write              hands out the samples in blocks, to threads; weighs and adds up their losses
//   SoftmaxCrossEntropyOfBlock  has two ways for a block:
//     WorkedLabels::write_rows    rows of logits and labels as the kernel takes them, and what is masked
//     kernels::SoftmaxCrossEntropy  the losses and gradients of many rows: simd/softmax_cross_entropy.cpp
//     loss_of_softmax             or one row, whatever it holds, with what each class adds: class_terms.cpp
//   contribute_saved            backward: the saved gradient times that of the result

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
