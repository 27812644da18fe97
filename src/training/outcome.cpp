// SPDX-License-Identifier: BSD-3-Clause
#include "training/outcome.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "arrays/format.hpp"
#include "arrays/index_range.hpp"
#include "kernels/softmax.hpp"

namespace xtape::training {
namespace {

std::vector<std::int64_t> read_labels(const Shape& logits, std::size_t classes, const Indices& class_indices,
                                      const LabelOptions& options) {
  if (class_indices.shape() != Shape{logits[0]}) {
    fail<ShapeError>("{}: class_indices must have one entry for each row of logits {}, got {}",
                     report_function, logits, class_indices.shape());
  }
  std::vector<std::int64_t> labels(class_indices.size());
  class_indices.copy_to(labels);
  require_indices(report_function, "class_indices", labels,
                  {.noun = "classes",
                   .count = classes,
                   .array = logits.rank() == 2 ? "logits" : nullptr,
                   .shape = logits,
                   .skippable = Skippable::negative},
                  options);
  return labels;
}

// The logits of one row, for each class: of a single log-odds 0 and itself.
void read_row(const metrics::Scores& logits, std::size_t row, std::vector<double>& x) {
  const std::size_t length = logits.shape().rank() == 2 ? x.size() : 1;
  x[0] = 0;
  std::visit(
      [&](const auto& values) {
        std::copy_n(values.data() + row * length, length, x.end() - static_cast<std::ptrdiff_t>(length));
      },
      logits.values());
}

}  // namespace

Outcome outcome_of(const metrics::Scores& logits, const Indices& class_indices, const LabelOptions& options) {
  const Shape& shape = logits.shape();
  if (shape.rank() != 1 && (shape.rank() != 2 || shape[1] == 0)) {
    fail<ShapeError>(
        "{}: logits must be (rows, classes) with at least one class, or (rows) for class 1 of two, got {}",
        report_function, shape);
  }
  Outcome outcome;
  outcome.classes = shape.rank() == 2 ? shape[1] : 2;
  const std::vector<std::int64_t> labels = read_labels(shape, outcome.classes, class_indices, options);
  std::vector<double> x(outcome.classes);
  for (std::size_t row = 0; row < shape[0]; ++row) {
    if (labels[row] == options.ignore_index) {
      ++outcome.ignored;
      continue;
    }
    read_row(logits, row, x);
    const auto normal = kernels::normaliser(x.data(), x.size(), 1);
    if (std::isnan(normal.rest.value)) {
      ++outcome.left_out;
      continue;
    }
    const auto y = static_cast<std::size_t>(labels[row]);
    outcome.rows.push_back(row);
    outcome.labels.push_back(labels[row]);
    outcome.predicted.push_back(static_cast<std::int64_t>(normal.k));
    outcome.confidences.push_back(normal.probability(x[normal.k], normal.k));
    outcome.losses.push_back(normal.gap(x[y], y) + normal.log_rest());
  }
  return outcome;
}

std::vector<std::size_t> highest_losses(const Outcome& outcome, std::size_t count) {
  std::vector<std::size_t> places(outcome.rows.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  const auto end = places.begin() + static_cast<std::ptrdiff_t>(std::min(count, places.size()));
  std::partial_sort(places.begin(), end, places.end(), [&outcome](std::size_t a, std::size_t b) {
    return outcome.losses[a] != outcome.losses[b] ? outcome.losses[a] > outcome.losses[b] : a < b;
  });
  places.erase(end, places.end());
  return places;
}

}  // namespace xtape::training
