// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include "xtape/autograd/variable.hpp"
#include "xtape/losses/labels.hpp"
#include "xtape/losses/option_arrays.hpp"
#include "xtape/losses/reduction.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// Options of poly_cross_entropy; ignore_index is for class indices only.
struct PolyCrossEntropyOptions {
  double epsilon = 2;           ///< the weight of the first term of the expansion; 0 gives the cross-entropy
  int axis = -1;                ///< the class axis of the logits
  double temperature = 1;       ///< above 0: divides the logits
  Weights class_weights = {};   ///< (classes): multiply the labels
  Weights sample_weights = {};  ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};               ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  Mask class_mask = {};         ///< (classes) or the shape of logits: false leaves a class out of the softmax
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their sample out
  double label_smoothing = 0;                     ///< in [0, 1]: the part of the labels that is spread
  Weights smoothing_prior = {};           ///< (classes), sum 1: what it is spread like; uniform if not given
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Poly-1 cross-entropy, in nats. For each sample, with its labels t (those of a class index are 1 there and
/// 0 elsewhere) and p = softmax(logits):
///
/// @f[
///   L = -\sum_j t_j \log p_j + \epsilon \sum_j t_j (1 - p_j) \qquad
///   \partial L / \partial x_j = p_j \sum_k u_k - u_j \qquad
///   u_j = t_j (1 + \epsilon p_j)
/// @f]
///
/// A class mask works as in softmax_cross_entropy, except that a class index must not be masked.
///
///     auto loss = losses::poly_cross_entropy(logits, soft_labels, {.epsilon = 1});
///
/// @param logits  (..., classes, ...): unnormalised scores.
/// @param labels  integers of any type: class indices, the shape of logits without the class axis;
///                reals, bools or a Variable, which receives a gradient: soft labels, the shape of logits.
/// @return        a scalar; with Reduction::none, the shape of logits without the class axis.
/// @throws ShapeError         labels or a mask do not fit.
/// @throws WeightsShapeError  sample_weights or class_weights do not fit.
/// @throws LabelError         a class index of a sample that counts is outside [0, classes) or masked.
/// @throws ArgumentError      there is no such axis, there are no classes, or an option makes no sense.
///
/// Source: Leng et al., arXiv 2204.12511; optax.losses.poly_loss_cross_entropy.
template <class T>
Variable<T> poly_cross_entropy(Variable<T> logits, std::type_identity_t<ClassLabels<T>> labels,
                               const PolyCrossEntropyOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
