// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/soft_margin.hpp"

#include <cmath>

#include "kernels/weighted.hpp"
#include "losses/check_logits.hpp"
#include "losses/loss_over_elements.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> soft_margin(Variable<T> logits, std::type_identity_t<Labels<T>> labels,
                        const SoftMarginOptions& options) {
  const char* const name = "soft_margin";
  check_binary_logits(name, logits);
  LossOverElements<T> loss(name, "logits", logits, "labels", labels, ElementOptions(options));
  loss.check_labels(-1);
  return loss.finish_logits([](kernels::Rounded x, ElementLabel label, std::size_t) {
    // Of the exponential of a number that is not above 0, nothing is subtracted and nothing overflows.
    const double t = label.value, margin = t * x.value, distance = std::abs(margin);
    const double e = std::exp(-distance) * (1 - kernels::weighted(x.low, distance));
    const double wrong = (margin < 0 ? 1 : e) / (1 + e);
    return ElementTerm{(margin < 0 ? distance : 0) + std::log1p(e), -t * wrong,
                       kernels::weighted(wrong, -x.value)};
  });
}

template Variable<float> soft_margin(Variable<float>, Labels<float>, const SoftMarginOptions&);
template Variable<double> soft_margin(Variable<double>, Labels<double>, const SoftMarginOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
