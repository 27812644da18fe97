// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/sigmoid_cross_entropy.hpp"

#include "losses/check_logits.hpp"
#include "losses/element_loss.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> sigmoid_cross_entropy(Variable<T> logits, std::type_identity_t<Labels<T>> labels,
                                  const SigmoidCrossEntropyOptions& options) {
  const char* const name = "sigmoid_cross_entropy";
  check_binary_logits(name, logits);
  ElementLoss<T> loss(name, "logits", logits, "labels", labels, ElementOptions(options));
  loss.check_labels();
  const auto pos_weight = loss.broadcast("pos_weight", options.pos_weight);
  if (!loss.recording().has_label_gradient()) return loss.finish_sigmoid_mean(pos_weight);
  return loss.finish_mean([pos_weight](double x, kernels::ElementLabel z, std::size_t i) {
    return kernels::sigmoid_cross_entropy(x, z, pos_weight.empty() ? 1 : pos_weight[i]);
  });
}

template Variable<float> sigmoid_cross_entropy(Variable<float>, Labels<float>,
                                               const SigmoidCrossEntropyOptions&);
template Variable<double> sigmoid_cross_entropy(Variable<double>, Labels<double>,
                                                const SigmoidCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
