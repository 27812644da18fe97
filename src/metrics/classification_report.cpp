// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/classification_report.hpp"

#include <cmath>

#include "arrays/format.hpp"

namespace xtape::metrics {
namespace {

// A confusion matrix by its margins, as doubles.
struct Counts {
  std::size_t classes;
  Array<double> right;      // (classes): predicted as the class, and of it
  Array<double> true_of;    // (classes): of the class
  Array<double> predicted;  // (classes): predicted as the class
  double samples = 0;
  double all_right = 0;
};

Counts count(const char* function, ArrayView<const std::int64_t> confusion) {
  const Shape& shape = confusion.shape();
  if (shape.rank() != 2 || shape[0] != shape[1]) {
    fail<ShapeError>("{}: confusion must be (classes, classes), got {}", function, shape);
  }
  const std::size_t classes = shape[0];
  const Shape margin{classes};
  Counts counts{.classes = classes,
                .right = Array<double>(margin),
                .true_of = Array<double>(margin),
                .predicted = Array<double>(margin)};
  for (std::size_t y = 0; y < classes; ++y) {
    for (std::size_t guess = 0; guess < classes; ++guess) {
      const std::int64_t cell = confusion[y * classes + guess];
      if (cell < 0) {
        fail<ValueError>("{}: confusion must hold counts, got {} at confusion[{}, {}]", function, cell, y,
                         guess);
      }
      const auto samples = static_cast<double>(cell);
      if (y == guess) counts.right[y] = samples;
      counts.true_of[y] += samples;
      counts.predicted[guess] += samples;
      counts.samples += samples;
    }
    counts.all_right += counts.right[y];
  }
  return counts;
}

double ratio(double part, double whole, double undefined) { return whole > 0 ? part / whole : undefined; }

// The mean of what is not NaN.
double mean(ArrayView<const double> values, const double* weights, double undefined) {
  double sum = 0, total = 0;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (std::isnan(values[c])) continue;
    const double weight = weights != nullptr ? weights[c] : 1;
    sum += weight * values[c];
    total += weight;
  }
  return ratio(sum, total, undefined);
}

}  // namespace

ClassificationReport classification_report(const ArrayInput<std::int64_t>& confusion,
                                           const ClassificationReportOptions& options) {
  const char* const function = "classification_report";
  const double undefined = options.undefined;
  if (!std::isnan(undefined) && !(undefined >= 0 && undefined <= 1)) {
    fail<ArgumentError>("{}: undefined must be in [0, 1] or NaN, got {}", function, undefined);
  }
  const Counts counts = count(function, confusion);
  const Shape shape{counts.classes};
  ClassificationReport report{.precision = Array<double>(shape),
                              .recall = Array<double>(shape),
                              .f1 = Array<double>(shape),
                              .support = Array<std::int64_t>(shape),
                              .macro = {},
                              .micro = {},
                              .weighted = {}};
  for (std::size_t c = 0; c < counts.classes; ++c) {
    report.precision[c] = ratio(counts.right[c], counts.predicted[c], undefined);
    report.recall[c] = ratio(counts.right[c], counts.true_of[c], undefined);
    report.f1[c] = ratio(2 * counts.right[c], counts.true_of[c] + counts.predicted[c], undefined);
    report.support[c] = static_cast<std::int64_t>(counts.true_of[c]);
  }
  const auto averages = [&](const double* weights) {
    return PrecisionRecall{mean(report.precision, weights, undefined),
                           mean(report.recall, weights, undefined), mean(report.f1, weights, undefined)};
  };
  report.macro = averages(nullptr);
  report.weighted = averages(counts.true_of.data());
  const double accuracy = ratio(counts.all_right, counts.samples, undefined);
  report.micro = {accuracy, accuracy, accuracy};
  return report;
}

double balanced_accuracy(const ArrayInput<std::int64_t>& confusion) {
  const Counts counts = count("balanced_accuracy", confusion);
  double sum = 0, classes = 0;
  for (std::size_t c = 0; c < counts.classes; ++c) {
    if (counts.true_of[c] == 0) continue;
    sum += counts.right[c] / counts.true_of[c];
    ++classes;
  }
  return sum / classes;
}

double matthews_correlation(const ArrayInput<std::int64_t>& confusion) {
  const Counts counts = count("matthews_correlation", confusion);
  const double n = counts.samples;
  double covariance = n * counts.all_right, true_variance = n * n, predicted_variance = n * n;
  for (std::size_t c = 0; c < counts.classes; ++c) {
    covariance -= counts.true_of[c] * counts.predicted[c];
    true_variance -= counts.true_of[c] * counts.true_of[c];
    predicted_variance -= counts.predicted[c] * counts.predicted[c];
  }
  const double product = true_variance * predicted_variance;
  return n > 0 && product == 0 ? 0 : covariance / std::sqrt(product);
}

}  // namespace xtape::metrics
