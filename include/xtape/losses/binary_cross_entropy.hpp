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

/// How a loss of probabilities keeps away from log(0).
enum class LogGuard {
  clip_probability,  ///< log(clip(p, epsilon, 1 - epsilon)), as Keras does it
  clamp_logarithm,   ///< max(log(p), -100), as PyTorch does it
  add_epsilon,       ///< log(p + epsilon), as tf.compat.v1.losses.log_loss does it
};

/// Options of binary_cross_entropy.
struct BinaryCrossEntropyOptions {
  LogGuard guard = LogGuard::clip_probability;  ///< what keeps the logarithms finite
  double epsilon = 1e-7;                        ///< of the guard, in T; 0 guards nothing
  std::optional<int> axis = {};  ///< the losses are averaged along it; if not given, each element is a sample
  Weights class_weights = {};    ///< broadcast to the shape of probabilities: multiply each element's loss
  Weights sample_weights = {};   ///< a number, or the shape of the losses, in which extents may be 1
  Weights pos_weight = {};       ///< broadcast to the shape of probabilities: multiply the term of label 1
  Mask mask = {};                ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  double label_smoothing = 0;    ///< in [0, 1]: the part of the labels that is replaced by the prior
  double smoothing_prior = 0.5;  ///< the label that smoothing leads to
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Cross-entropy of independent yes-or-no labels and probabilities of yes, in nats. For each element, with
/// its prediction p, its label t and the pos_weight w:
///
/// @f[
///   L = -w t \log p - (1 - t) \log(1 - p) \qquad
///   \partial L / \partial p = \frac{1 - t}{1 - p} - \frac{w t}{p} \qquad
///   \partial L / \partial t = \log(1 - p) - w \log p
/// @f]
///
/// where each logarithm is guarded. A clipped prediction has gradient 0, however wrong it is; with
/// clamp_logarithm both quotients are by max(p (1 - p), 1e-12) instead, the rule of PyTorch. If there are
/// logits, sigmoid_cross_entropy is exact, faster, and never stops learning.
///
///     auto loss = losses::binary_cross_entropy(sigmoid(logits), labels);
///
/// @param probabilities  any shape; in [0, 1].
/// @param labels         the shape of probabilities, usually 0 or 1. A Variable receives a gradient.
/// @return  a scalar; with Reduction::none, the shape of probabilities, without `axis` if that is given.
/// @throws ShapeError         labels or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws ValueError         with clamp_logarithm: a probability that counts is outside [0, 1].
/// @throws ArgumentError      there is no such axis, or an option makes no sense.
///
/// Sources: keras.losses.BinaryCrossentropy(from_logits=False), torch.nn.BCELoss,
/// tf.compat.v1.losses.log_loss.
template <class T>
Variable<T> binary_cross_entropy(Variable<T> probabilities, std::type_identity_t<Labels<T>> labels,
                                 const BinaryCrossEntropyOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
