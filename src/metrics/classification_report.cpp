// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/classification_report.hpp"

#include <cmath>
#include <vector>

#include "arrays/format.hpp"
#include "metrics/precision_recall.hpp"

namespace xtape::metrics {
namespace {

// A confusion matrix by its margins.
struct Counts {
  std::vector<Tally> classes;
  double samples = 0;
  double all_right = 0;
};

Counts count(const char* function, ArrayView<const std::int64_t> confusion) {
  const Shape& shape = confusion.shape();
  if (shape.rank() != 2 || shape[0] != shape[1]) {
    fail<ShapeError>("{}: confusion must be (classes, classes), got {}", function, shape);
  }
  const std::size_t classes = shape[0];
  Counts counts{.classes = std::vector<Tally>(classes)};
  for (std::size_t y = 0; y < classes; ++y) {
    for (std::size_t guess = 0; guess < classes; ++guess) {
      const std::int64_t cell = confusion[y * classes + guess];
      if (cell < 0) {
        fail<ValueError>("{}: confusion must hold counts, got {} at confusion[{}, {}]", function, cell, y,
                         guess);
      }
      const auto samples = static_cast<double>(cell);
      if (y == guess) counts.classes[y].right = samples;
      counts.classes[y].true_of += samples;
      counts.classes[guess].predicted += samples;
      counts.samples += samples;
    }
    counts.all_right += counts.classes[y].right;
  }
  return counts;
}

}  // namespace

ClassificationReport classification_report(const ArrayInput<std::int64_t>& confusion,
                                           const ClassificationReportOptions& options) {
  const char* const function = "classification_report";
  const double undefined = options.undefined;
  require_undefined(function, undefined);
  const Counts counts = count(function, confusion);
  ClassificationReport report{};
  take_figures(report, counts.classes, undefined);
  report.macro = average(report, nullptr, undefined);
  report.weighted = average(report, report.support.data(), undefined);
  report.micro = precision_recall({counts.all_right, counts.samples, counts.samples}, undefined);
  return report;
}

double balanced_accuracy(const ArrayInput<std::int64_t>& confusion) {
  const Counts counts = count("balanced_accuracy", confusion);
  double sum = 0, classes = 0;
  for (const Tally& tally : counts.classes) {
    if (tally.true_of == 0) continue;
    sum += tally.right / tally.true_of;
    ++classes;
  }
  return sum / classes;
}

double matthews_correlation(const ArrayInput<std::int64_t>& confusion) {
  const Counts counts = count("matthews_correlation", confusion);
  const double n = counts.samples;
  // n right - true_of predicted, n true_of - true_of^2 and n predicted - predicted^2, added up: of these
  // differences none is of two numbers that are large beside it.
  double covariance = 0, true_variance = 0, predicted_variance = 0;
  for (const Tally& tally : counts.classes) {
    const double missed = tally.true_of - tally.right, wrong = tally.predicted - tally.right;
    covariance += tally.right * (n - tally.true_of - wrong) - missed * wrong;
    true_variance += tally.true_of * (n - tally.true_of);
    predicted_variance += tally.predicted * (n - tally.predicted);
  }
  const double product = true_variance * predicted_variance;
  return n > 0 && product == 0 ? 0 : covariance / std::sqrt(product);
}

}  // namespace xtape::metrics
