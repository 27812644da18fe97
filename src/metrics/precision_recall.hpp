// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/fail.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/metrics/classification_report.hpp"

namespace xtape::metrics {

// Of a class, a label, or several of them together: how many were predicted and are, are, were predicted.
struct Tally {
  double right = 0, true_of = 0, predicted = 0;

  Tally& operator+=(const Tally& other) {
    right += other.right;
    true_of += other.true_of;
    predicted += other.predicted;
    return *this;
  }
};

inline void require_undefined(const char* function, double undefined) {
  if (std::isnan(undefined) || (undefined >= 0 && undefined <= 1)) return;
  fail<ArgumentError>("{}: undefined must be in [0, 1] or NaN, got {}", function, undefined);
}

inline double ratio(double part, double whole, double undefined) {
  return whole > 0 ? part / whole : undefined;
}

inline PrecisionRecall precision_recall(const Tally& tally, double undefined) {
  return {.precision = ratio(tally.right, tally.predicted, undefined),
          .recall = ratio(tally.right, tally.true_of, undefined),
          .f1 = ratio(2 * tally.right, tally.true_of + tally.predicted, undefined)};
}

// The mean of what is not NaN.
inline double mean_of_defined(ArrayView<const double> values, const std::int64_t* weights, double undefined) {
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    const double weight = weights != nullptr ? static_cast<double>(weights[i]) : 1;
    sum += weight * values[i];
    total += weight;
  }
  return ratio(sum, total, undefined);
}

// The figures of each class or label of a report.
template <class Report>
void take_figures(Report& report, const std::vector<Tally>& tallies, double undefined) {
  const Shape shape{tallies.size()};
  report.precision = Array<double>(shape);
  report.recall = Array<double>(shape);
  report.f1 = Array<double>(shape);
  report.support = Array<std::int64_t>(shape);
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    const PrecisionRecall figures = precision_recall(tallies[i], undefined);
    report.precision[i] = figures.precision;
    report.recall[i] = figures.recall;
    report.f1[i] = figures.f1;
    report.support[i] = static_cast<std::int64_t>(tallies[i].true_of);
  }
}

template <class Report>
PrecisionRecall average(const Report& report, const std::int64_t* weights, double undefined) {
  return {.precision = mean_of_defined(report.precision, weights, undefined),
          .recall = mean_of_defined(report.recall, weights, undefined),
          .f1 = mean_of_defined(report.f1, weights, undefined)};
}

}  // namespace xtape::metrics
