// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/proper_scores.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/softmax.hpp"
#include "metrics/estimate.hpp"
#include "metrics/labelled_scores.hpp"
#include "threads/thread_pool.hpp"

namespace xtape::metrics {
namespace {

// The mean of score(p, y) over the rows of probabilities.
template <class Score>
Estimate mean_score(const char* function, const Scores& probabilities, const Indices& class_indices,
                    const LabelOptions& options, Score score) {
  const ScoreRows rows(function, "probabilities", probabilities, Layout::numbers_or_classes, class_indices,
                       options);
  rows.require_probabilities();
  Array<double> scores(Shape{rows.count()});
  rows.for_each([&](std::size_t row, const double* p) { scores[row] = score(rows, p, rows.label(row)); });
  return estimate_mean(scores);
}

}  // namespace

Estimate log_loss(Scores logits, Indices class_indices, const LabelOptions& options) {
  const ScoreRows rows("log_loss", "logits", logits, Layout::numbers_or_classes, class_indices, options);
  Array<double> losses(Shape{rows.count()});
  const std::size_t rows_per_block = std::max<std::size_t>(1, exponentials_per_block / rows.classes());
  parallel_for_ranges(rows.count(), rows_per_block, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      Workspace workspace;
      const double* x = rows.logits(row, workspace);
      const std::size_t y = rows.label(row);
      losses[row] = kernels::normaliser(x, rows.classes(), 1).nats(x[y], y);
    }
  });
  return estimate_mean(losses);
}

Estimate log_loss_of_probabilities(Scores probabilities, Indices class_indices, const LabelOptions& options) {
  return mean_score("log_loss_of_probabilities", probabilities, class_indices, options,
                    [](const ScoreRows& rows, const double* p, std::size_t y) {
                      if (!rows.is_single()) return -std::log(p[y]);
                      return y == 1 ? -std::log(p[0]) : -std::log1p(-p[0]);
                    });
}

Estimate brier_score(Scores probabilities, Indices class_indices, const LabelOptions& options) {
  return mean_score("brier_score", probabilities, class_indices, options,
                    [](const ScoreRows& rows, const double* p, std::size_t y) {
                      const auto label = static_cast<double>(y);
                      if (rows.is_single()) return (p[0] - label) * (p[0] - label);
                      double sum = 0;
                      for (std::size_t c = 0; c < rows.classes(); ++c) {
                        const double distance = p[c] - (c == y ? 1 : 0);
                        sum += distance * distance;
                      }
                      return sum;
                    });
}

}  // namespace xtape::metrics
