// SPDX-License-Identifier: BSD-3-Clause
#include "training/outcome.hpp"

#include <algorithm>
#include <cmath>

#include "data/row_numbers.hpp"
#include "kernels/softmax.hpp"
#include "metrics/labelled_scores.hpp"

namespace xtape::training {

Outcome outcome_of(const metrics::Scores& logits, const Indices& class_indices, const LabelOptions& options) {
  const metrics::ScoreRows rows(report_function, "logits", logits, metrics::Layout::numbers_or_classes,
                                class_indices, options, metrics::Nan::allowed);
  Outcome outcome;
  outcome.classes = rows.classes();
  outcome.ignored = logits.shape()[0] - rows.count();
  for (std::size_t row = 0; row < rows.count(); ++row) {
    Workspace workspace;
    const double* x = rows.logits(row, workspace);
    const auto normal = kernels::normaliser(x, rows.classes(), 1);
    if (std::isnan(normal.rest.value)) {
      ++outcome.left_out;
      continue;
    }
    const std::size_t y = rows.label(row);
    outcome.rows.push_back(rows.number_of(row));
    outcome.labels.push_back(static_cast<std::int64_t>(y));
    outcome.predicted.push_back(static_cast<std::int64_t>(normal.k));
    outcome.confidences.push_back(normal.probability(x[normal.k], normal.k));
    outcome.losses.push_back(normal.gap(x[y], y) + normal.log_rest());
  }
  return outcome;
}

std::vector<std::size_t> highest_losses(const Outcome& outcome, std::size_t count) {
  std::vector<std::size_t> places = data::row_numbers(outcome.rows.size());
  const auto end = places.begin() + static_cast<std::ptrdiff_t>(std::min(count, places.size()));
  std::partial_sort(places.begin(), end, places.end(), [&outcome](std::size_t a, std::size_t b) {
    return outcome.losses[a] != outcome.losses[b] ? outcome.losses[a] > outcome.losses[b] : a < b;
  });
  places.erase(end, places.end());
  return places;
}

}  // namespace xtape::training
