// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "xtape/arrays/array.hpp"
#include "xtape/metrics/classification_report.hpp"
#include "xtape/metrics/estimate.hpp"
#include "xtape/metrics/scores.hpp"
#include "xtape/metrics/yes_or_no.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// 1 for each score of at least the threshold, and 0 for the others. 0 is the threshold of logits: those of
/// at least 0 have a sigmoid of at least 0.5, which is the threshold of probabilities. A threshold means the
/// same here as in RocCurve, threshold_table and cheapest_threshold.
///
///     const auto predicted = metrics::predicted_labels(logits);
///     const auto cautious = metrics::predicted_labels(sigmoid(logits), 0.9);
///
/// @param scores     (rows, labels) with at least one label; or (rows): of one label, or of class 1 of two.
///                   Those of floats are compared to the threshold as doubles.
/// @param threshold  infinite ones too
/// @return           of the shape of scores
/// @throws ShapeError     scores have another shape.
/// @throws ArgumentError  a score or the threshold is NaN.
Array<std::int64_t> predicted_labels(Scores scores, double threshold = 0);

/// The fraction of rows in which all labels are right; NaN for no rows.
///
///     const metrics::Estimate exact = metrics::subset_accuracy(metrics::predicted_labels(logits), labels);
///
/// @param predicted  (rows, labels) with at least one label, as from predicted_labels
/// @param labels     of the same shape
/// @throws ShapeError  predicted have another shape, or labels another than they.
/// @throws LabelError  an element of either is neither 0 nor 1.
///
/// Source: sklearn.metrics.accuracy_score.
Estimate subset_accuracy(YesOrNo predicted, YesOrNo labels);

/// The fraction of labels that are wrong, over all rows; NaN for no rows. The standard error takes the rows
/// for independent, not the labels of one row. Arguments and errors are those of subset_accuracy.
///
/// @f[ \frac{1}{n} \sum_r \frac{\text{wrong labels of row } r}{\text{labels}} @f]
///
/// Source: sklearn.metrics.hamming_loss.
Estimate hamming_loss(YesOrNo predicted, YesOrNo labels);

/// Options of multilabel_report.
struct MultilabelReportOptions {
  double threshold = 0;  ///< what scores at least this is predicted: 0 for logits, 0.5 for probabilities
  /// What 0 / 0 gives: the precision of a label that was never predicted, the recall of one that never
  /// occurs, the F1 of one that does neither. A number in [0, 1] enters the averages; NaN leaves the label
  /// out of them.
  double undefined = 0;
};

/// Averages over the labels. Those of the areas leave out labels that have none; if no label has one they are
/// NaN.
struct MultilabelAverages {
  double precision;          ///< of the precision
  double recall;             ///< of the recall
  double f1;                 ///< of the F1
  double roc_auc;            ///< of the area under the ROC curve
  double average_precision;  ///< of the average precision
};

/// What multilabel_report gives.
struct MultilabelReport {
  Array<double> precision;      ///< (labels): of the rows where it was predicted, the fraction that has it
  Array<double> recall;         ///< (labels): of the rows that have it, the fraction where it was predicted
  Array<double> f1;             ///< (labels): the harmonic mean of the two
  Array<std::int64_t> support;  ///< (labels): how many rows have it
  Array<double> roc_auc;        ///< (labels): NaN unless some rows have it and some do not
  Array<double> average_precision;  ///< (labels): NaN if no row has it
  MultilabelAverages macro;         ///< the means over the labels
  MultilabelAverages weighted;      ///< the means over the labels, weighted by their support
  MultilabelAverages micro;         ///< of all pairs of a row and a label together, as if of one label
  PrecisionRecall samples;          ///< the means over the rows of the figures of their labels
  Estimate subset_accuracy;         ///< of the predicted labels
  Estimate hamming_loss;            ///< of the predicted labels
};

/// All figures of labels of which a row may have any number. O(rows labels log(rows labels)).
///
///     const auto report = metrics::multilabel_report(logits, labels);
///     fmt::print("F1 {:.3f}, all right in {:.1f} %\n", report.macro.f1, 100 * report.subset_accuracy);
///
/// The precision, recall and F1 of each label are those of classification_report, its areas those of roc_auc
/// and average_precision of its column. scikit-learn raises where an area is NaN here, or takes 0 for the
/// average precision.
///
/// @param scores  (rows, labels) with at least one label: larger for a label that the row has; logits,
///                probabilities or any other number.
/// @param labels  of the same shape
/// @throws ShapeError     scores have another shape, or labels another than they.
/// @throws LabelError     an element of labels is neither 0 nor 1.
/// @throws ArgumentError  a score or options.threshold is NaN, or options.undefined is neither in [0, 1] nor
///                        NaN.
///
/// Sources: sklearn.metrics.precision_recall_fscore_support, roc_auc_score and average_precision_score.
MultilabelReport multilabel_report(Scores scores, YesOrNo labels,
                                   const MultilabelReportOptions& options = {});

}  // namespace xtape::metrics
#pragma GCC visibility pop
