// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/metrics/multilabel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "metrics/estimate.hpp"
#include "metrics/labelled_scores.hpp"
#include "metrics/precision_recall.hpp"
#include "metrics/ranking.hpp"
#include "metrics/same_shape.hpp"

namespace xtape::metrics {
namespace {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();

void require_threshold(const char* function, const char* argument, double threshold) {
  if (std::isnan(threshold)) fail<ArgumentError>("{}: {} must be a number, got NaN", function, argument);
}

template <class Answer>
void predict(const ScoreRows& scores, double threshold, Answer* predicted) {
  const std::size_t columns = scores.columns();
  scores.for_each([&](std::size_t row, const double* given) {
    std::transform(given, given + columns, predicted + row * columns,
                   [&](double score) { return score >= threshold; });
  });
}

[[noreturn]] void throw_neither(const char* function, const char* argument, const Array<double>& numbers,
                                std::size_t at) {
  const bool is_score = argument == std::string_view("predicted") && numbers[at] != std::round(numbers[at]);
  fail<LabelError>("{}: {} must be 0 or 1, got {} at {}{}", function, argument, numbers[at],
                   element_name(argument, numbers.shape(), at),
                   is_score ? "; predicted_labels makes them of scores" : "");
}

Array<bool> read(const char* function, const char* argument, const YesOrNo& given) {
  Array<double> numbers(given.shape());
  given.copy_to(numbers);
  Array<bool> answers(given.shape());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != 0 && numbers[i] != 1) throw_neither(function, argument, numbers, i);
    answers[i] = numbers[i] == 1;
  }
  return answers;
}

// (rows, labels)
struct Answers {
  Array<bool> predicted, labels;

  std::size_t rows() const { return labels.shape()[0]; }
  std::size_t columns() const { return labels.shape()[1]; }
  std::size_t at(std::size_t row, std::size_t column) const { return row * columns() + column; }

  std::size_t wrong(std::size_t row) const {
    std::size_t count = 0;
    for (std::size_t i = at(row, 0); i < at(row + 1, 0); ++i) count += predicted[i] != labels[i];
    return count;
  }
};

Answers read_both(const char* function, const YesOrNo& predicted, const YesOrNo& labels) {
  const Shape& shape = predicted.shape();
  if (shape.rank() != 2 || shape[1] == 0) {
    fail<ShapeError>("{}: predicted must be (rows, labels) with at least one label, got {}", function, shape);
  }
  require_same_shape(function, "labels", labels.shape(), "predicted", shape);
  return {read(function, "predicted", predicted), read(function, "labels", labels)};
}

Estimate subset_accuracy(const Answers& answers) {
  std::size_t right = 0;
  for (std::size_t row = 0; row < answers.rows(); ++row) right += answers.wrong(row) == 0;
  return estimate_fraction(right, answers.rows());
}

Estimate hamming_loss(const Answers& answers) {
  Array<double> losses(Shape{answers.rows()});
  for (std::size_t row = 0; row < answers.rows(); ++row) {
    losses[row] = static_cast<double>(answers.wrong(row)) / static_cast<double>(answers.columns());
  }
  return estimate_mean(losses);
}

struct Tallies {
  std::vector<Tally> of_labels, of_rows;
  Tally of_all;
};

Tallies count_answers(const Answers& answers) {
  Tallies tallies{.of_labels = std::vector<Tally>(answers.columns()),
                  .of_rows = std::vector<Tally>(answers.rows()),
                  .of_all = {}};
  for (std::size_t row = 0; row < answers.rows(); ++row) {
    for (std::size_t column = 0; column < answers.columns(); ++column) {
      const bool predicted = answers.predicted[answers.at(row, column)];
      const bool is = answers.labels[answers.at(row, column)];
      const Tally one{.right = predicted && is ? 1.0 : 0.0,
                      .true_of = is ? 1.0 : 0.0,
                      .predicted = predicted ? 1.0 : 0.0};
      tallies.of_labels[column] += one;
      tallies.of_rows[row] += one;
      tallies.of_all += one;
    }
  }
  return tallies;
}

PrecisionRecall average_over_rows(const std::vector<Tally>& of_rows, double undefined) {
  ClassificationReport report{};
  take_figures(report, of_rows, undefined);
  return average(report, nullptr, undefined);
}

Ranking rank(const ScoreRows& scores, const Array<bool>& labels, std::size_t first, std::size_t last) {
  std::vector<Ranked> samples;
  samples.reserve(scores.count() * (last - first));
  for (std::size_t row = 0; row < scores.count(); ++row) {
    for (std::size_t column = first; column < last; ++column) {
      samples.push_back({scores.at(row, column), row, labels[row * scores.columns() + column]});
    }
  }
  return Ranking(std::move(samples));
}

MultilabelAverages averages(const MultilabelReport& report, const std::int64_t* weights, double undefined) {
  const PrecisionRecall figures = average(report, weights, undefined);
  return {.precision = figures.precision,
          .recall = figures.recall,
          .f1 = figures.f1,
          .roc_auc = mean_of_defined(report.roc_auc, weights, NaN),
          .average_precision = mean_of_defined(report.average_precision, weights, NaN)};
}

}  // namespace

Array<std::int64_t> predicted_labels(Scores scores, double threshold) {
  const char* const function = "predicted_labels";
  require_threshold(function, "threshold", threshold);
  const ScoreRows rows(function, "scores", scores, Layout::numbers_or_labels);
  Array<std::int64_t> predicted(rows.shape());
  predict(rows, threshold, predicted.data());
  return predicted;
}

Estimate subset_accuracy(YesOrNo predicted, YesOrNo labels) {
  return subset_accuracy(read_both("subset_accuracy", predicted, labels));
}

Estimate hamming_loss(YesOrNo predicted, YesOrNo labels) {
  return hamming_loss(read_both("hamming_loss", predicted, labels));
}

MultilabelReport multilabel_report(Scores scores, YesOrNo labels, const MultilabelReportOptions& options) {
  const char* const function = "multilabel_report";
  const double undefined = options.undefined;
  require_threshold(function, "options.threshold", options.threshold);
  require_undefined(function, undefined);
  const ScoreRows rows(function, "scores", scores, Layout::labels);
  require_same_shape(function, "labels", labels.shape(), "scores", rows.shape());
  Answers answers{.predicted = Array<bool>(rows.shape()), .labels = read(function, "labels", labels)};
  predict(rows, options.threshold, answers.predicted.data());

  MultilabelReport report{};
  const Tallies tallies = count_answers(answers);
  take_figures(report, tallies.of_labels, undefined);
  report.roc_auc = Array<double>(report.support.shape());
  report.average_precision = Array<double>(report.support.shape());
  for (std::size_t column = 0; column < rows.columns(); ++column) {
    const Ranking ranking = rank(rows, answers.labels, column, column + 1);
    report.roc_auc[column] = ranking.area();
    report.average_precision[column] = ranking.average_precision();
  }
  report.macro = averages(report, nullptr, undefined);
  report.weighted = averages(report, report.support.data(), undefined);

  const PrecisionRecall pooled = precision_recall(tallies.of_all, undefined);
  const Ranking all = rank(rows, answers.labels, 0, rows.columns());
  report.micro = {.precision = pooled.precision,
                  .recall = pooled.recall,
                  .f1 = pooled.f1,
                  .roc_auc = all.area(),
                  .average_precision = all.average_precision()};
  report.samples = average_over_rows(tallies.of_rows, undefined);
  report.subset_accuracy = subset_accuracy(answers);
  report.hamming_loss = hamming_loss(answers);
  return report;
}

}  // namespace xtape::metrics
