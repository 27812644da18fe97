// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/label_options.hpp"
#include "xtape/metrics/estimate.hpp"
#include "xtape/metrics/scores.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// What comes of calling positive what scores at least a threshold, for each threshold that matters. The
/// first is infinity, above every score: nothing is positive. The others are the distinct scores from the
/// highest down, so samples of equal score are one step.
struct RocCurve {
  Array<double> thresholds;            ///< infinity, and then the distinct scores, falling
  Array<double> false_positive_rates;  ///< of the samples of class 0, the fraction called positive
  Array<double> true_positive_rates;   ///< of the samples of class 1, the fraction called positive
};

/// Precision and recall for each threshold that matters.
struct PrecisionRecallCurve {
  Array<double> thresholds;  ///< as of RocCurve
  Array<double> precision;   ///< of what is called positive, the fraction of class 1; 1 for the first
  Array<double> recall;      ///< of the samples of class 1, the fraction called positive
};

/// The receiver operating characteristic. Rates of a class without samples are NaN. O(n log n).
/// @param scores         (rows): larger for class 1; logits, probabilities or any other number.
/// @param class_indices  (rows): 0 or 1; options.ignore_index leaves a row out, whatever its score.
/// @throws ShapeError     scores are not (rows), or class_indices do not fit.
/// @throws ArgumentError  a score is NaN.
/// @throws LabelError     an entry of class_indices is neither 0 nor 1.
///
/// Source: Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27 (2006).
RocCurve roc_curve(Scores scores, Indices class_indices, const LabelOptions& options = {});

/// The area under the ROC curve: the probability that a sample of class 1 scores higher than one of class 0,
/// where equal scores count half (the Mann-Whitney statistic), exactly. For scores of several classes, the
/// mean over the classes that occur of the area of each against the rest. NaN if all samples are of one
/// class, or there are none. O(n log n) for each class.
///
/// The standard error is DeLong's, for the mean over classes too: with its covariances, by sample. It needs
/// two samples on either side, or else is NaN; it is 0 for classes that do not overlap.
///
/// @param scores         (rows): larger for class 1; or (rows, classes), a column for each class.
/// @param class_indices  (rows): 0 or 1; or in [0, classes). options.ignore_index leaves a row out, whatever
///                       its scores.
/// @throws ShapeError     scores have another shape or no classes, or class_indices do not fit.
/// @throws ArgumentError  a score is NaN.
/// @throws LabelError     an entry of class_indices is no class.
///
/// Sources: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988); in O(n log n): Sun and Xu, IEEE Signal
/// Processing Letters 21 (2014).
Estimate roc_auc(Scores scores, Indices class_indices, const LabelOptions& options = {});

/// Precision against recall. Recall is NaN if no sample is of class 1. O(n log n). Arguments and errors are
/// those of roc_curve.
PrecisionRecallCurve precision_recall_curve(Scores scores, Indices class_indices,
                                            const LabelOptions& options = {});

/// The mean precision at the scores of the samples of class 1: the sum over the steps of the
/// precision-recall curve of precision times the gain in recall, without interpolation. For scores of several
/// classes, the mean over the classes that occur of that of each against the rest. NaN if no sample is of
/// class 1, or there are none. Arguments and errors are those of roc_auc.
///
/// Source: sklearn.metrics.average_precision_score.
double average_precision(Scores scores, Indices class_indices, const LabelOptions& options = {});

}  // namespace xtape::metrics
#pragma GCC visibility pop
