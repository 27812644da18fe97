// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// @name Ordered classes
/// @{

/// Log-probabilities of classes that have an order, such as grades, in nats: the thresholds cut the line of
/// scores into one interval for each class, and the outcome is the score plus logistic noise. With the
/// sigmoid s, and thresholds of minus and plus infinity in front of the first and behind the last:
///
/// @f[
///   y_k = \log(s(\theta_k - x) - s(\theta_{k-1} - x)) \qquad
///   dx = \sum_k dy_k (s(\theta_{k-1} - x) - s(x - \theta_k)) \qquad
///   d\theta_k = dy_k (s(x - \theta_k) + h_k) - dy_{k+1} (s(\theta_k - x) + h_{k+1})
/// @f]
///
/// h_k is 1 / (exp(theta_k - theta_(k-1)) - 1), and 0 for the first and the last class. Values and gradients
/// keep full relative precision however improbable or certain a class is, and however close its thresholds
/// are. It is the proportional odds model, or cumulative logit. A score of NaN gives NaN in its own row, one
/// of infinity the limit. Where dy is 0 nothing is added, whatever the score is.
///
///     auto y = ordinal_log_probabilities(scores, thresholds);  // (4), (2): y is (4, 3)
///
/// @param scores      (...)
/// @param thresholds  (classes - 1), each above the one before; none: a single class, whose y is 0.
/// @return            (..., classes)
/// @throws ShapeError  thresholds have not one axis, or scores have as many axes as an array can have.
/// @throws ValueError  the thresholds do not rise; the message names the two.
/// Source: McCullagh, Regression models for ordinal data (1980).
template <class T>
Variable<T> ordinal_log_probabilities(Variable<T> scores, Variable<T> thresholds);

/// @}

}  // namespace xtape
#pragma GCC visibility pop
