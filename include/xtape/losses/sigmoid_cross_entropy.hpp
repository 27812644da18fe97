// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <type_traits>

#include "xtape/autograd/variable.hpp"
#include "xtape/losses/labels.hpp"
#include "xtape/losses/option_arrays.hpp"
#include "xtape/losses/reduction.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// Options of sigmoid_cross_entropy.
struct SigmoidCrossEntropyOptions {
  std::optional<int> axis = {};  ///< the losses are averaged along it; if not given, each element is a sample
  double temperature = 1;        ///< above 0: divides the logits
  Weights class_weights = {};    ///< broadcast to the shape of logits: multiply each element's loss
  Weights sample_weights = {};   ///< a number, or the shape of the losses, in which extents may be 1
  Weights pos_weight = {};       ///< broadcast to the shape of logits: multiply the term of label 1
  Mask mask = {};                ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  double label_smoothing = 0;    ///< in [0, 1]: the part of the labels that is replaced by the prior
  double smoothing_prior = 0.5;  ///< the label that smoothing leads to
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Cross-entropy of independent yes-or-no labels, in nats. For each element, with its logit x and its label
/// z, where s is the sigmoid and w the pos_weight:
///
/// @f[
///   L = -w z \log s(x) - (1 - z) \log s(-x)
/// @f]
/// @f[
///   \partial L / \partial x = (1 - z) s(x) - w z s(-x) \qquad
///   \partial L / \partial z = \log s(-x) - w \log s(x), \text{ which is } -x \text{ for } w = 1
/// @f]
///
/// Smoothing by a towards a prior r makes the label z (1 - a) + a r.
///
/// Value and gradient keep full relative precision over the whole range of T: with t = log1p(exp(-|x|)) the
/// loss is @f$ (1 - z) (\max(x, 0) + t) + w z (\max(-x, 0) + t) @f$, and no sigmoid is computed as a
/// difference from 1.
/// NaN in a logit, a label or a weight gives NaN; what is masked never contributes, not even NaN.
///
///     auto loss = losses::sigmoid_cross_entropy(logits, xt::xarray<float>{0, 1, 0.3});
///     auto rare = losses::sigmoid_cross_entropy(logits, labels, {.pos_weight = 20});
///
/// @param logits  any shape: log-odds, not probabilities.
/// @param labels  the shape of logits: the probability of yes, usually 0 or 1. A Variable receives
///                a gradient.
/// @return        a scalar; with Reduction::none, the shape of logits, without `axis` if that is given.
/// @throws ShapeError         labels or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws ArgumentError      there is no such axis, or an option makes no sense.
///
/// Source: Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.2.
template <class T>
Variable<T> sigmoid_cross_entropy(Variable<T> logits, std::type_identity_t<Labels<T>> labels,
                                  const SigmoidCrossEntropyOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
