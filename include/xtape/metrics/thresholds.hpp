// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/label_options.hpp"
#include "xtape/metrics/scores.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// Options of threshold_table.
struct ThresholdTableOptions {
  double undefined = 0;                           ///< what 0 / 0 gives: in [0, 1], or NaN
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their row out
};

/// What comes of calling positive what scores at least a threshold, for each of some thresholds, in their
/// order.
struct ThresholdTable {
  Array<double> thresholds;             ///< as they were given
  Array<std::int64_t> true_positives;   ///< samples of class 1 that are called positive
  Array<std::int64_t> false_positives;  ///< samples of class 0 that are called positive
  Array<std::int64_t> true_negatives;   ///< samples of class 0 that are not
  Array<std::int64_t> false_negatives;  ///< samples of class 1 that are not
  Array<double> precision;              ///< of what is called positive, the fraction of class 1
  Array<double> recall;                 ///< of the samples of class 1, the fraction called positive
  Array<double> f1;                     ///< the harmonic mean of the two
  Array<double> accuracy;               ///< of all samples, the fraction called what it is
  Array<double> specificity;            ///< of the samples of class 0, the fraction not called positive
};

/// Counts of right and wrong answers, and the figures made of them, for thresholds of one's own choice.
/// roc_curve and precision_recall_curve have all that matter. O((samples + thresholds) log samples).
///
///     const std::vector<double> thresholds{0.1, 0.5, 0.9};
///     const auto table = metrics::threshold_table(probabilities, labels, thresholds);
///     for (std::size_t i = 0; i < thresholds.size(); ++i) {
///       fmt::print("{} {:.3f} {:.3f}\n", table.thresholds[i], table.precision[i], table.recall[i]);
///     }
///
/// @param scores         (rows): larger for class 1; logits, probabilities or any other number.
/// @param class_indices  (rows): 0 or 1; options.ignore_index leaves a row out, whatever its score.
/// @param thresholds     (thresholds): in any order, infinite ones too. Scores of floats are compared to them
///                       as doubles.
/// @throws ShapeError     scores are not (rows), class_indices do not fit, or thresholds are of another rank.
/// @throws ArgumentError  a score or a threshold is NaN, or options.undefined is neither in [0, 1] nor NaN.
/// @throws LabelError     an entry of class_indices is neither 0 nor 1.
///
/// Source: Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27 (2006).
ThresholdTable threshold_table(Scores scores, Indices class_indices, const ArrayInput<double>& thresholds,
                               const ThresholdTableOptions& options = {});

/// What mistakes cost, in any unit.
struct MistakeCosts {
  double false_positive = 1;  ///< of a sample of class 0 that is called positive: in [0, 1e100]
  double false_negative = 1;  ///< of a sample of class 1 that is not: in [0, 1e100]
};

/// What cheapest_threshold gives.
struct CheapestThreshold {
  double threshold;              ///< call positive what scores at least this
  double cost;                   ///< of the mistakes, a row; NaN for no rows
  std::int64_t false_positives;  ///< samples of class 0 that are called positive
  std::int64_t false_negatives;  ///< samples of class 1 that are not
};

/// The threshold with the lowest cost of mistakes, among the distinct scores and infinity, which stands for
/// calling nothing positive; where a score is infinite no threshold does that. Of thresholds that cost the
/// same the highest, so that least is called positive. O(n log n).
///
///     const auto cheapest = metrics::cheapest_threshold(scores, labels, {.false_negative = 5});
///     const auto predicted = metrics::predicted_labels(scores, cheapest.threshold);
///
/// The cost is that of the samples which the threshold was chosen for, so it flatters: for an honest one use
/// the threshold on others.
///
/// @param scores         (rows): larger for class 1; logits, probabilities or any other number.
/// @param class_indices  (rows): 0 or 1; options.ignore_index leaves a row out, whatever its score.
/// @throws ShapeError     scores are not (rows), or class_indices do not fit.
/// @throws ArgumentError  a score is NaN, or a cost is outside [0, 1e100].
/// @throws LabelError     an entry of class_indices is neither 0 nor 1.
///
/// Source: Elkan, The foundations of cost-sensitive learning (IJCAI 2001).
CheapestThreshold cheapest_threshold(Scores scores, Indices class_indices, const MistakeCosts& costs = {},
                                     const LabelOptions& options = {});

}  // namespace xtape::metrics
#pragma GCC visibility pop
