// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/label_options.hpp"
#include "xtape/metrics/estimate.hpp"
#include "xtape/metrics/scores.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// @name Proper scores
/// Scores that true probabilities make best on average: Gneiting and Raftery, Strictly proper scoring rules,
/// prediction, and estimation, JASA 102 (2007). A row that options.ignore_index leaves out counts nowhere and
/// may hold anything; where those are all, the score is that of no rows.
/// @{

/// The mean of -log(probability of the true class), in nats, of logits: what softmax_cross_entropy is, or
/// sigmoid_cross_entropy for one logit a row, in double and with full relative precision for any margin.
/// Infinite if the logit of a true class is -inf; NaN for no rows, or where a row has no softmax: only -inf,
/// or +inf twice.
/// @param logits         (rows, classes); or (rows): the log-odds of class 1 against class 0.
/// @param class_indices  (rows): in [0, classes); or 0 or 1; or options.ignore_index.
/// @throws ShapeError     logits have another shape or no classes, or class_indices do not fit.
/// @throws ArgumentError  a logit is NaN.
/// @throws LabelError     an entry of class_indices is no class.
Estimate log_loss(Scores logits, Indices class_indices, const LabelOptions& options = {});

/// The same of probabilities. Nothing is clipped: a true class of probability 0 makes it infinite.
/// (scikit-learn clips to the epsilon of the type.) If there are logits, log_loss is exact.
/// @param probabilities  (rows, classes), each row of sum 1 (within 0.001, whatever they were rounded to;
///                       nothing is rescaled); or (rows): of class 1.
/// @param class_indices  (rows): in [0, classes); or 0 or 1; or options.ignore_index.
/// @throws ShapeError     probabilities have another shape or no classes, or class_indices do not fit.
/// @throws ArgumentError  a probability is NaN.
/// @throws ValueError     a probability is outside [0, 1], or the sum of a row is not 1.
/// @throws LabelError     an entry of class_indices is no class.
Estimate log_loss_of_probabilities(Scores probabilities, Indices class_indices,
                                   const LabelOptions& options = {});

/// The mean squared distance of the probabilities p from what happened, for y the true class: of (rows)
///
/// @f[ (p - y)^2, \text{ in } [0, 1] @f]
///
/// and of (rows, classes), where [c = y] is 1 for the true class and 0 for the others,
///
/// @f[ \sum_c (p_c - [c = y])^2, \text{ in } [0, 2] @f]
///
/// So two columns give twice what one gives. NaN for no rows. Arguments and errors are those of
/// log_loss_of_probabilities.
///
/// Source: Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78
/// (1950).
Estimate brier_score(Scores probabilities, Indices class_indices, const LabelOptions& options = {});

/// @}

}  // namespace xtape::metrics
#pragma GCC visibility pop
