// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/thresholds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "arrays/format.hpp"
#include "metrics/labelled_scores.hpp"
#include "metrics/precision_recall.hpp"
#include "metrics/ranking.hpp"

namespace xtape::metrics {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Of what is called positive.
struct Called {
  double positives = 0, negatives = 0;
};

// What is called positive from above the highest score on down to each step.
std::vector<Called> called_after_steps(const Ranking& ranking) {
  std::vector<Called> called(1);
  for (const Step& step : ranking.steps) {
    called.push_back({called.back().positives + step.positives, called.back().negatives + step.negatives});
  }
  return called;
}

void require_cost(const char* name, double cost) {
  if (cost >= 0 && cost <= 1e100) return;
  fail<ArgumentError>("cheapest_threshold: costs.{} must be in [0, 1e100], got {}", name, cost);
}

void require_thresholds(const ArrayInput<double>& thresholds) {
  if (thresholds.shape().rank() != 1) {
    fail<ShapeError>("threshold_table: thresholds must be (thresholds), got {}", thresholds.shape());
  }
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    if (!std::isnan(thresholds[i])) continue;
    fail<ArgumentError>("threshold_table: thresholds must be numbers, got NaN at thresholds[{}]", i);
  }
}

ThresholdTable empty_table(const ArrayInput<double>& thresholds) {
  const Shape& shape = thresholds.shape();
  return {.thresholds = Array<double>(thresholds),
          .true_positives = Array<std::int64_t>(shape),
          .false_positives = Array<std::int64_t>(shape),
          .true_negatives = Array<std::int64_t>(shape),
          .false_negatives = Array<std::int64_t>(shape),
          .precision = Array<double>(shape),
          .recall = Array<double>(shape),
          .f1 = Array<double>(shape),
          .accuracy = Array<double>(shape),
          .specificity = Array<double>(shape)};
}

}  // namespace

ThresholdTable threshold_table(Scores scores, Indices class_indices, const ArrayInput<double>& thresholds,
                               const ThresholdTableOptions& options) {
  const char* const function = "threshold_table";
  const double undefined = options.undefined;
  require_undefined(function, undefined);
  require_thresholds(thresholds);
  const ScoreRows rows(function, "scores", scores, Layout::numbers, class_indices,
                       {.ignore_index = options.ignore_index});
  const Ranking ranking(rows, 0, 1);
  const std::vector<Called> after_steps = called_after_steps(ranking);

  ThresholdTable table = empty_table(thresholds);
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    const auto below = std::partition_point(ranking.steps.begin(), ranking.steps.end(),
                                            [&](const Step& step) { return step.score >= thresholds[i]; });
    const Called called = after_steps[static_cast<std::size_t>(below - ranking.steps.begin())];
    const double true_negatives = ranking.negatives - called.negatives;
    table.true_positives[i] = static_cast<std::int64_t>(called.positives);
    table.false_positives[i] = static_cast<std::int64_t>(called.negatives);
    table.true_negatives[i] = static_cast<std::int64_t>(true_negatives);
    table.false_negatives[i] = static_cast<std::int64_t>(ranking.positives - called.positives);
    const PrecisionRecall figures = precision_recall({.right = called.positives,
                                                      .true_of = ranking.positives,
                                                      .predicted = called.positives + called.negatives},
                                                     undefined);
    table.precision[i] = figures.precision;
    table.recall[i] = figures.recall;
    table.f1[i] = figures.f1;
    table.accuracy[i] =
        ratio(called.positives + true_negatives, ranking.positives + ranking.negatives, undefined);
    table.specificity[i] = ratio(true_negatives, ranking.negatives, undefined);
  }
  return table;
}

CheapestThreshold cheapest_threshold(Scores scores, Indices class_indices, const MistakeCosts& costs,
                                     const LabelOptions& options) {
  require_cost("false_positive", costs.false_positive);
  require_cost("false_negative", costs.false_negative);
  const ScoreRows rows("cheapest_threshold", "scores", scores, Layout::numbers, class_indices, options);
  const Ranking ranking(rows, 0, 1);
  const std::vector<Called> after_steps = called_after_steps(ranking);
  const auto cost = [&](const Called& called) {
    return costs.false_positive * called.negatives +
           costs.false_negative * (ranking.positives - called.positives);
  };
  // An infinite score is called positive by every threshold.
  const bool can_call_none = ranking.steps.empty() || ranking.steps[0].score < infinity;
  std::size_t best = can_call_none ? 0 : 1;
  for (std::size_t i = best + 1; i < after_steps.size(); ++i) {
    if (cost(after_steps[i]) < cost(after_steps[best])) best = i;
  }
  const Called& called = after_steps[best];
  return {.threshold = best > 0 ? ranking.steps[best - 1].score : infinity,
          .cost = cost(called) / static_cast<double>(rows.count()),
          .false_positives = static_cast<std::int64_t>(called.negatives),
          .false_negatives = static_cast<std::int64_t>(ranking.positives - called.positives)};
}

}  // namespace xtape::metrics
