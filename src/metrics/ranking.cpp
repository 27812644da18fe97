// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/sum.hpp"
#include "metrics/labelled_scores.hpp"
#include "metrics/ranking.hpp"

namespace xtape::metrics {
namespace {

std::vector<Ranked> samples_of(const ScoreRows& scores, std::size_t column, std::size_t positive) {
  std::vector<Ranked> samples;
  samples.reserve(scores.count());
  for (std::size_t row = 0; row < scores.count(); ++row) {
    samples.push_back({scores.at(row, column), row, scores.label(row) == positive});
  }
  return samples;
}

// Each class that occurs against the rest; of single numbers class 1 against class 0.
template <class Use>
void for_each_ranking(const ScoreRows& scores, Use use) {
  if (scores.is_single()) return use(Ranking(scores, 0, 1));
  std::vector<bool> occurs(scores.classes());
  for (std::size_t row = 0; row < scores.count(); ++row) occurs[scores.label(row)] = true;
  for (std::size_t c = 0; c < scores.classes(); ++c) {
    if (occurs[c]) use(Ranking(scores, c, c));
  }
}

// Adds how much each sample moves the area: the sum of their squares is DeLong's variance,
// S10 / positives + S01 / negatives, where S10 and S01 are the sample variances of the fraction of the other
// class that a sample wins against. Areas of the same samples may be added up by sample, which brings in
// their covariances.
void add_influences(const Ranking& ranking, double area, ArrayView<double> influences) {
  const double positives = ranking.positives, negatives = ranking.negatives;
  const double of_positive = 1 / std::sqrt(positives * (positives - 1));
  const double of_negative = 1 / std::sqrt(negatives * (negatives - 1));
  double positives_above = 0, negatives_below = negatives;
  for (const Step& step : ranking.steps) {
    negatives_below -= step.negatives;
    const double won_by_positive = (negatives_below + step.negatives / 2) / negatives;
    const double won_from_negative = (positives_above + step.positives / 2) / positives;
    for (std::size_t i = step.begin; i < step.end; ++i) {
      const Ranked& sample = ranking.samples[i];
      influences[sample.row] += sample.is_positive ? (won_by_positive - area) * of_positive
                                                   : (won_from_negative - area) * of_negative;
    }
    positives_above += step.positives;
  }
}

}  // namespace

Ranking::Ranking(std::vector<Ranked> unordered) : samples(std::move(unordered)) {
  std::sort(samples.begin(), samples.end(),
            [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Ranked& sample = samples[i];
    if (i == 0 || sample.score != steps.back().score) {
      steps.push_back({.score = sample.score, .begin = i, .end = i});
    }
    Step& step = steps.back();
    ++step.end;
    ++(sample.is_positive ? step.positives : step.negatives);
    ++(sample.is_positive ? positives : negatives);
  }
}

Ranking::Ranking(const ScoreRows& scores, std::size_t column, std::size_t positive)
    : Ranking(samples_of(scores, column, positive)) {}

double Ranking::area() const {
  // Of pairs in which the positive scores higher, equal scores counting half, twice: a whole number.
  double twice_won = 0, positives_above = 0;
  for (const Step& step : steps) {
    twice_won += step.negatives * (2 * positives_above + step.positives);
    positives_above += step.positives;
  }
  return twice_won / (2 * positives * negatives);
}

double Ranking::average_precision() const {
  double sum = 0, positives_so_far = 0, called = 0;
  for (const Step& step : steps) {
    positives_so_far += step.positives;
    called += step.positives + step.negatives;
    sum += step.positives * (positives_so_far / called);
  }
  return sum / positives;
}

RocCurve roc_curve(Scores scores, Indices class_indices, const LabelOptions& options) {
  const ScoreRows rows("roc_curve", "scores", scores, Layout::numbers, class_indices, options);
  const Ranking ranking(rows, 0, 1);
  const Shape points{ranking.steps.size() + 1};
  RocCurve curve{Array<double>(points), Array<double>(points), Array<double>(points)};
  double true_positives = 0, false_positives = 0;
  for (std::size_t i = 0; i < points[0]; ++i) {
    if (i > 0) {
      true_positives += ranking.steps[i - 1].positives;
      false_positives += ranking.steps[i - 1].negatives;
    }
    curve.thresholds[i] = i > 0 ? ranking.steps[i - 1].score : std::numeric_limits<double>::infinity();
    curve.false_positive_rates[i] = false_positives / ranking.negatives;
    curve.true_positive_rates[i] = true_positives / ranking.positives;
  }
  return curve;
}

Estimate roc_auc(Scores scores, Indices class_indices, const LabelOptions& options) {
  const ScoreRows rows("roc_auc", "scores", scores, Layout::numbers_or_classes, class_indices, options);
  Array<double> influences(Shape{rows.count()});
  double sum = 0, classes = 0;
  for_each_ranking(rows, [&](const Ranking& ranking) {
    if (!ranking.has_both()) return;
    const double of_class = ranking.area();
    add_influences(ranking, of_class, influences);
    sum += of_class;
    ++classes;
  });
  kernels::Sum<double> variance;
  for (const double influence : influences) variance.add(influence * influence);
  return {sum / classes, std::sqrt(variance.value()) / classes, rows.count()};
}

PrecisionRecallCurve precision_recall_curve(Scores scores, Indices class_indices,
                                            const LabelOptions& options) {
  const ScoreRows rows("precision_recall_curve", "scores", scores, Layout::numbers, class_indices, options);
  const Ranking ranking(rows, 0, 1);
  const Shape points{ranking.steps.size() + 1};
  PrecisionRecallCurve curve{Array<double>(points), Array<double>(points), Array<double>(points)};
  curve.thresholds[0] = std::numeric_limits<double>::infinity();
  curve.precision[0] = 1;
  curve.recall[0] = 0 / ranking.positives;
  double true_positives = 0, called = 0;
  for (std::size_t i = 1; i < points[0]; ++i) {
    const Step& step = ranking.steps[i - 1];
    true_positives += step.positives;
    called += step.positives + step.negatives;
    curve.thresholds[i] = step.score;
    curve.precision[i] = true_positives / called;
    curve.recall[i] = true_positives / ranking.positives;
  }
  return curve;
}

double average_precision(Scores scores, Indices class_indices, const LabelOptions& options) {
  const ScoreRows rows("average_precision", "scores", scores, Layout::numbers_or_classes, class_indices,
                       options);
  double sum = 0, classes = 0;
  for_each_ranking(rows, [&](const Ranking& ranking) {
    sum += ranking.average_precision();
    ++classes;
  });
  return sum / classes;
}

}  // namespace xtape::metrics
