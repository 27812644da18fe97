// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/sigmoid_cross_entropy.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/cross_entropy_kernels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sum_kernels.hpp"
#include "kernels/weighted.hpp"
#include "losses/check_logits.hpp"
#include "losses/loss_over_elements.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {
namespace {

template <class T>
const double* of_elements(const SampleBlock<T>& rows, ArrayView<const double> option, Workspace& workspace) {
  return option.empty() ? nullptr : rows.range.gather(option.data(), workspace);
}

template <class T>
const double* scales_of_elements(const SampleBlock<T>& rows, Workspace& workspace) {
  double* scales = workspace.take<double>(rows.range.elements());
  for (std::size_t row = 0; row < rows.count(); ++row) {
    std::fill_n(scales + row * rows.length(), rows.length(),
                rows.scales[row] / static_cast<double>(rows.length()));
  }
  return scales;
}

// The means of the losses of the elements of each row, and their gradients by the logits.
template <class T>
void write_means(const SampleBlock<T>& rows, const SigmoidCrossEntropyOptions& options,
                 ArrayView<const double> pos_weights, ArrayView<const double> class_weights) {
  const double spread = options.label_smoothing, prior = options.smoothing_prior;
  const std::size_t length = rows.length();
  Workspace workspace;
  kernels::SigmoidElements<T> elements{.count = rows.range.elements(),
                                       .x = rows.x,
                                       .labels = rows.labels,
                                       .kept = 1 - spread,
                                       .added_yes = spread * prior,
                                       .added_no = spread * (1 - prior),
                                       .pos_weights = of_elements(rows, pos_weights, workspace),
                                       .weights = of_elements(rows, class_weights, workspace),
                                       .scales = rows.scales,
                                       .scale = rows.scale / static_cast<double>(length),
                                       .losses = rows.losses,
                                       .gradient = rows.gradient};
  if (length != 1) {
    elements.losses = workspace.take<double>(elements.count);
    if (rows.scales != nullptr) elements.scales = scales_of_elements(rows, workspace);
  }
  kernels::kernel<kernels::SigmoidCrossEntropy, T>()(elements);
  for (std::size_t row = 0; row < rows.count() && length != 1; ++row) {
    rows.losses[row] =
        kernels::kernel<kernels::Sums, T>().sum_of_doubles(elements.losses + row * length, length) /
        static_cast<double>(length);
  }
}

// Of the label z and the weight w of the label 1.
template <class T>
ElementTerm term(kernels::Rounded x, ElementLabel z, double w) {
  const kernels::LogitOdds odds = kernels::logit_odds<T>(x);
  const double of_yes = kernels::weighted(z.value, w);
  const double value =
      kernels::weighted(z.complement, odds.nats_no) + kernels::weighted(of_yes, odds.nats_yes);
  return {std::isnan(x.value) ? x.value : value,
          z.complement * odds.yes.nearest() - of_yes * odds.no.nearest(),
          w == 1 ? -x.value : kernels::weighted(w, odds.nats_yes) - odds.nats_no};
}

}  // namespace

template <class T>
Variable<T> sigmoid_cross_entropy(Variable<T> logits, std::type_identity_t<Labels<T>> labels,
                                  const SigmoidCrossEntropyOptions& options) {
  const char* const name = "sigmoid_cross_entropy";
  check_binary_logits(name, logits);
  LossOverElements<T> loss(name, "logits", logits, "labels", labels, ElementOptions(options));
  loss.check_labels();
  const auto pos_weights = loss.broadcast("pos_weight", options.pos_weight);
  if (!loss.recording().has_label_gradient() && options.temperature == 1) {
    return loss.finish_blocks(
        [&](const SampleBlock<T>& rows) { write_means(rows, options, pos_weights, loss.class_weights()); });
  }
  return loss.finish_logits([&](kernels::Rounded x, ElementLabel z, std::size_t i) {
    return term<T>(x, z, pos_weights.empty() ? 1 : pos_weights[i]);
  });
}

template Variable<float> sigmoid_cross_entropy(Variable<float>, Labels<float>,
                                               const SigmoidCrossEntropyOptions&);
template Variable<double> sigmoid_cross_entropy(Variable<double>, Labels<double>,
                                                const SigmoidCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
