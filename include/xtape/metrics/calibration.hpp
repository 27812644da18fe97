// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/metrics/scores.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// How confidences are sorted into bins.
enum class Binning {
  equal_width,  ///< bin b of n is (b / n, (b + 1) / n]
  equal_mass,   ///< bins of as many samples each as can be; samples of equal confidence share one, so there
                ///< may be fewer bins
};

/// Options of reliability_table.
struct ReliabilityOptions {
  std::size_t bins = 15;                          ///< how many, at least 1
  Binning binning = Binning::equal_width;         ///< where they end
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their row out
};

/// How often samples of some confidence are right. Bin b holds the confidences above edges[b] and up to
/// edges[b + 1]; the first holds 0 too.
struct ReliabilityTable {
  Array<double> edges;         ///< (bins + 1): from 0 to 1
  Array<std::int64_t> counts;  ///< (bins)
  Array<double> confidence;    ///< (bins): the mean; NaN for an empty bin
  Array<double> accuracy;      ///< (bins): the fraction that is right; NaN for an empty bin
};

/// The table behind a reliability diagram. For (rows, classes) the confidence of a sample is its largest
/// probability, and it is right if that is of the true class. For (rows) the confidence is the probability of
/// class 1, and it is right if it is of class 1: the table of a binary classifier's whole range. Rows that
/// options.ignore_index leaves out may hold anything; if those are all, every bin is empty.
///
///     const auto table = metrics::reliability_table(softmax(logits), labels, {.bins = 10});
///     const double error = metrics::expected_calibration_error(table);
///
/// @param probabilities  (rows, classes), each row of sum 1 (within 0.001); or (rows): of class 1.
/// @param class_indices  (rows): in [0, classes); or 0 or 1; or options.ignore_index.
/// @throws ShapeError     probabilities have another shape or no classes, or class_indices do not fit.
/// @throws ArgumentError  a probability is NaN, or there are no bins.
/// @throws ValueError     a probability is outside [0, 1], or the sum of a row is not 1.
/// @throws LabelError     an entry of class_indices is no class.
///
/// Sources: Guo et al., arXiv 1706.04599; equal mass: Nguyen and O'Connor, arXiv 1508.05154.
ReliabilityTable reliability_table(Scores probabilities, Indices class_indices,
                                   const ReliabilityOptions& options = {});

/// The mean over the samples of |accuracy - confidence| of their bins; NaN for no samples. It depends on the
/// bins, and is biased upwards where they hold few samples.
double expected_calibration_error(const ReliabilityTable& table);

/// The largest |accuracy - confidence| of a bin that holds a sample; NaN for no samples.
double maximum_calibration_error(const ReliabilityTable& table);

}  // namespace xtape::metrics
#pragma GCC visibility pop
