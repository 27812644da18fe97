// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/label_options.hpp"
#include "xtape/metrics/scores.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// Between which a temperature is looked for.
struct TemperatureBounds {
  double lowest = 1e-3;  ///< above 0
  double highest = 1e3;  ///< finite
};

/// The temperature T that calibrates logits: the one of least log_loss(logits / T, class_indices), to about
/// 12 digits. Fit it on samples that the model was not trained on.
///
/// The log loss is convex in 1 / T, and has no minimum inside the bounds in these cases:
/// - every true class has the largest logit of its row: the loss falls all the way, T is bounds.lowest
///   (but if all logits of each row are equal, T says nothing and is 1, or the bound next to it);
/// - the true classes have no larger logits than others do on average: T is bounds.highest;
/// - the minimum lies beyond a bound: T is that bound.
///
///     const double temperature = metrics::fit_temperature(validation_logits, validation_labels);
///     const auto probabilities = metrics::calibrated_probabilities(logits, temperature);
///
/// @param logits         (rows, classes), -inf for a class that is ruled out and not the true one; or (rows):
///                       the log-odds of class 1 against class 0.
/// @param class_indices  (rows): in [0, classes); or 0 or 1. options.ignore_index leaves a row out, whatever
///                       its logits.
/// @throws ShapeError     logits have another shape, no rows or no classes, or class_indices do not fit.
/// @throws ArgumentError  a logit is NaN or +inf, that of a true class is -inf, all rows are left out, or the
///                        bounds are not 0 < lowest <= highest < inf.
/// @throws LabelError     an entry of class_indices is no class.
///
/// Source: Guo et al., On calibration of modern neural networks, arXiv 1706.04599, section 4.2.
double fit_temperature(Scores logits, Indices class_indices, const TemperatureBounds& bounds = {},
                       const LabelOptions& options = {});

/// softmax(logits / temperature) of (rows, classes), sigmoid(logits / temperature) of (rows): the shape of
/// logits. The classes keep their order, and so does the accuracy. A row of only -inf gives NaN.
/// @throws ShapeError     logits are neither (rows, classes) nor (rows), or there are no classes.
/// @throws ArgumentError  a logit is NaN or (of several classes) +inf, or the temperature is not positive and
///                        finite.
Array<double> calibrated_probabilities(Scores logits, double temperature);

}  // namespace xtape::metrics
#pragma GCC visibility pop
