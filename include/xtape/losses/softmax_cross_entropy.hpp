// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/rollback.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/core/array_source.hpp"
#include "xtape/losses/reduction.hpp"

namespace xtape::losses {

struct SoftmaxCrossEntropyOptions {
  Reduction reduction = Reduction::mean;
};

/// Cross-entropy between class scores and the true classes, in nats. For each sample, with its logits x and
/// its class y:
///
///   loss = log(sum over j of exp(x_j)) - x_y        dloss/dx_j = softmax(x)_j - (1 if j = y else 0)
///
/// Value and gradient keep full relative precision over the whole range of T, for a sample of any margin:
/// with m the largest logit, k its position and rest = sum over j != k of exp(x_j - m), the loss is
/// (m - x_y) + log1p(rest) and the gradient at y = k is -rest / (1 + rest).
///
///     auto loss = losses::softmax_cross_entropy(logits, xt::xarray<int>{2, 0, 1});
///     auto each = losses::softmax_cross_entropy(logits, labels, {.reduction = losses::Reduction::none});
///
/// The gradient is computed with the loss and rounded to T before it is multiplied by what comes from above,
/// so a loss that is scaled up afterwards does not bring back gradients below the range of T.
///
/// NaN among a sample's logits, or only -inf, gives NaN; a logit of +inf gives the limit where it exists.
///
/// @param logits         (..., classes): unnormalised scores, neither probabilities nor their logarithms.
/// @param class_indices  (...): integers of any type, each in [0, classes).
/// @return               a scalar; with Reduction::none, (...).
/// @throws ShapeError  logits have no classes, or class_indices do not have one entry per sample.
/// @throws LabelError  a class index is outside [0, classes). The message names it.
///
/// Source: Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.4.
template <class T>
Variable<T> softmax_cross_entropy(Variable<T> logits, Indices class_indices,
                                  const SoftmaxCrossEntropyOptions& options = {});

/// Cross-entropy between class scores and a distribution over the classes, in nats. For each sample, with
/// its logits x and its labels t:
///
///   loss = -sum over j of t_j log(softmax(x)_j)     dloss/dx_j = softmax(x)_j sum(t) - t_j
///                                                   dloss/dt_j = -log(softmax(x)_j)
///
/// Labels need not sum to 1: the gradient is the true derivative all the same. A label of 0 contributes 0,
/// also where its logit is -inf. NaN in a label gives NaN.
///
/// @param logits       (..., classes)
/// @param soft_labels  the shape of logits. Given as a Variable that needs a gradient, they receive one.
/// @return             a scalar; with Reduction::none, (...).
/// @throws ShapeError  logits have no classes, or soft_labels have another shape.
template <class T>
Variable<T> softmax_cross_entropy(Variable<T> logits, Variable<T> soft_labels,
                                  const SoftmaxCrossEntropyOptions& options = {});

/// The same for labels that are an xtensor expression, an ArrayView or a flat container of reals.
template <class T, detail::RealArray Labels>
Variable<T> softmax_cross_entropy(Variable<T> logits, const Labels& soft_labels,
                                  const SoftmaxCrossEntropyOptions& options = {}) {
  detail::Rollback<T> rollback(logits.tape());
  return rollback.keep(softmax_cross_entropy(logits, logits.tape().constant(soft_labels), options));
}

}  // namespace xtape::losses
