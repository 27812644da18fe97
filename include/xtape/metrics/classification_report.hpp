// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_input.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// Options of classification_report.
struct ClassificationReportOptions {
  /// What 0 / 0 gives: the precision of a class that was never predicted, the recall of one that never
  /// occurs, the F1 of one that does neither. A number in [0, 1] enters the averages; NaN leaves the class
  /// out of them.
  double undefined = 0;
};

/// Averages over classes, labels or rows.
struct PrecisionRecall {
  double precision;  ///< of the precision
  double recall;     ///< of the recall
  double f1;         ///< of the F1
};

/// What classification_report gives.
struct ClassificationReport {
  Array<double> precision;      ///< (classes): of what was predicted as the class, the fraction that is of it
  Array<double> recall;         ///< (classes): of what is of the class, the fraction that was predicted as it
  Array<double> f1;             ///< (classes): the harmonic mean of the two
  Array<std::int64_t> support;  ///< (classes): how many samples are of the class
  PrecisionRecall macro;        ///< the means over the classes
  PrecisionRecall micro;        ///< of the counts added up over the classes: all three are the accuracy
  PrecisionRecall weighted;     ///< the means over the classes, weighted by their support
};

/// Precision, recall and F1 of each class and averaged. With the true positives tp, the false positives fp
/// and the false negatives fn of a class:
///
/// @f[
///   precision = \frac{tp}{tp + fp} \qquad
///   recall = \frac{tp}{tp + fn} \qquad
///   f1 = \frac{2 tp}{2 tp + fp + fn}
/// @f]
///
///     const auto counts = metrics::confusion_matrix(predicted, labels, 10);
///     const double f1 = metrics::classification_report(counts).macro.f1;
///
/// Rows whose label stands for no class are left out by the ignore_index of confusion_matrix.
///
/// Averages are over all classes, also those that never occur: scikit-learn's with labels=range(classes). An
/// average over nothing is `undefined`.
///
/// @param confusion  (classes, classes), rows are the true classes: as from confusion_matrix.
/// @throws ShapeError     confusion is not (classes, classes).
/// @throws ValueError     a count is negative.
/// @throws ArgumentError  options.undefined is neither in [0, 1] nor NaN.
///
/// Source: sklearn.metrics.precision_recall_fscore_support; `undefined` is its zero_division.
ClassificationReport classification_report(const ArrayInput<std::int64_t>& confusion,
                                           const ClassificationReportOptions& options = {});

/// The mean recall of the classes that occur; NaN if none does.
/// @param confusion  (classes, classes), rows are the true classes: as from confusion_matrix.
/// @throws ShapeError  confusion is not (classes, classes).
/// @throws ValueError  a count is negative.
///
/// Source: Brodersen et al., The balanced accuracy and its posterior distribution (ICPR 2010).
double balanced_accuracy(const ArrayInput<std::int64_t>& confusion);

/// The correlation of predicted and true classes, in [-1, 1]. For the confusion matrix C with n samples, of
/// which t_k are of class k and p_k predicted as it:
///
/// @f[
///   \frac{n \sum_k C_{kk} - \sum_k t_k p_k}{\sqrt{(n^2 - \sum_k p_k^2) (n^2 - \sum_k t_k^2)}}
/// @f]
///
/// For two classes this is
///
/// @f[
///   \frac{tp \, tn - fp \, fn}{\sqrt{(tp + fp) (tp + fn) (tn + fp) (tn + fn)}}
/// @f]
///
/// It is 0 where the predictions or the labels are all the same; NaN for no samples.
///
/// @param confusion  (classes, classes), rows are the true classes: as from confusion_matrix.
/// @throws ShapeError  confusion is not (classes, classes).
/// @throws ValueError  a count is negative.
///
/// Source: Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient,
/// Computational Biology and Chemistry 28 (2004).
double matthews_correlation(const ArrayInput<std::int64_t>& confusion);

}  // namespace xtape::metrics
#pragma GCC visibility pop
