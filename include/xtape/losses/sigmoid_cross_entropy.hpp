// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/rollback.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/core/array_source.hpp"
#include "xtape/losses/reduction.hpp"

namespace xtape::losses {

struct SigmoidCrossEntropyOptions {
  Reduction reduction = Reduction::mean;
};

/// Cross-entropy of independent yes-or-no labels, in nats. For each element, with its logit x and its label
/// z, where s is the sigmoid:
///
///   loss = -z log(s(x)) - (1 - z) log(s(-x))       dloss/dx = (1 - z) s(x) - z s(-x)
///                                                  dloss/dz = -x
///
/// Value and gradient keep full relative precision over the whole range of T: with t = log1p(exp(-|x|)) the
/// loss is (1 - z) (max(x, 0) + t) + z (max(-x, 0) + t), and no sigmoid is computed as a difference from 1.
/// NaN in a logit or a label gives NaN.
///
///     auto loss = losses::sigmoid_cross_entropy(logits, xt::xarray<float>{0, 1, 0.3});
///
/// @param logits  any shape: log-odds, not probabilities.
/// @param labels  the shape of logits: the probability of yes, usually 0 or 1. Given as a Variable that
///                needs a gradient, they receive one.
/// @return        a scalar; with Reduction::none, the shape of logits. A mean divides by the number of
///                elements.
/// @throws ShapeError  the shapes differ.
///
/// Source: Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.2.
template <class T>
Variable<T> sigmoid_cross_entropy(Variable<T> logits, Variable<T> labels,
                                  const SigmoidCrossEntropyOptions& options = {});

/// The same for labels that are an xtensor expression, an ArrayView or a flat container of numbers.
template <class T, class Labels>
requires(detail::RealArray<Labels> || detail::IntegerArray<Labels> || detail::BoolArray<Labels>)
    Variable<T> sigmoid_cross_entropy(Variable<T> logits, const Labels& labels,
                                      const SigmoidCrossEntropyOptions& options = {}) {
  detail::Rollback<T> rollback(logits.tape());
  return rollback.keep(sigmoid_cross_entropy(logits, logits.tape().constant(labels), options));
}

}  // namespace xtape::losses
