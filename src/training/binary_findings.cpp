// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "arrays/format.hpp"
#include "kernels/logistic.hpp"
#include "metrics/estimate.hpp"
#include "training/confusion_figure.hpp"
#include "training/findings.hpp"
#include "training/judged_rows.hpp"
#include "training/markup.hpp"
#include "training/rate_chart.hpp"
#include "training/reliability_diagram.hpp"
#include "training/table.hpp"
#include "training/worst_rows.hpp"
#include "xtape/metrics/calibration.hpp"
#include "xtape/metrics/classification.hpp"
#include "xtape/metrics/multilabel.hpp"
#include "xtape/metrics/ranking.hpp"
#include "xtape/metrics/thresholds.hpp"

namespace xtape::training {
namespace {

// What is known of answers yes, class 1, and no, class 0.
struct BinaryFigures {
  JudgedRows judged;
  std::vector<std::string> names;
  std::vector<std::int64_t> labels;
  Array<std::int64_t> predicted;
  std::vector<double> probabilities, losses;
  metrics::ReliabilityTable reliability;

  double share_of_yes() const {
    return std::accumulate(labels.begin(), labels.end(), 0.0) / static_cast<double>(labels.size());
  }
};

BinaryFigures binary_figures(JudgedRows judged, std::vector<std::string> names) {
  std::vector<std::int64_t> labels(judged.targets.begin(), judged.targets.end());
  std::vector<double> probabilities, losses;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    probabilities.push_back(kernels::sigmoid(judged.outputs[i]));
    losses.push_back(nats_of_label(judged.outputs[i], labels[i] == 1));
  }
  auto predicted = metrics::predicted_labels(judged.outputs);
  auto reliability = metrics::reliability_table(probabilities, labels, {.bins = reliability_bins});
  return {.judged = std::move(judged),
          .names = std::move(names),
          .labels = std::move(labels),
          .predicted = std::move(predicted),
          .probabilities = std::move(probabilities),
          .losses = std::move(losses),
          .reliability = std::move(reliability)};
}

KeyFigures key_figures(const BinaryFigures& binary) {
  KeyFigures figures;
  figures.add_fraction("Accuracy", metrics::accuracy(binary.predicted, binary.labels));
  figures.add_number("ROC AUC", metrics::roc_auc(binary.judged.outputs, binary.labels));
  figures.add("Average precision",
              number(metrics::average_precision(binary.judged.outputs, binary.labels), 3),
              fmt::format("by chance {}", number(binary.share_of_yes(), 3)));
  figures.add_number("Log loss", metrics::estimate_mean(binary.losses));
  figures.add("Calibration error", percent(metrics::expected_calibration_error(binary.reliability), 2),
              fmt::format("expected, {} bins", reliability_bins));
  return figures;
}

Section roc_section(const BinaryFigures& binary) {
  const double area = metrics::roc_auc(binary.judged.outputs, binary.labels);
  return {heading("roc-curve", "ROC curve", fmt::format("The area under it is {}.", number(area, 3))) +
              draw_roc(metrics::roc_curve(binary.judged.outputs, binary.labels), area),
          "roc-curve"};
}

Section precision_recall_section(const BinaryFigures& binary) {
  const double average = metrics::average_precision(binary.judged.outputs, binary.labels);
  return {heading("precision-recall-curve", "Precision and recall",
                  fmt::format("The average precision is {}.", number(average, 3))) +
              draw_precision_recall(metrics::precision_recall_curve(binary.judged.outputs, binary.labels),
                                    average, binary.share_of_yes()),
          "precision-recall-curve"};
}

// A threshold of the logits, and in words what it is chosen for.
struct NamedThreshold {
  double logit;
  const char* words = "";
};

// NaN where no row is of class 1. Of equal ones the highest.
double threshold_of_highest_f1(const BinaryFigures& binary) {
  const auto curve = metrics::precision_recall_curve(binary.judged.outputs, binary.labels);
  double best = 0, threshold = NAN;
  for (std::size_t i = 0; i < curve.thresholds.size(); ++i) {
    const double p = curve.precision[i], r = curve.recall[i], f1 = 2 * p * r / (p + r);
    if (f1 > best) {
      best = f1;
      threshold = curve.thresholds[i];
    }
  }
  return threshold;
}

std::vector<NamedThreshold> thresholds_of(const BinaryFigures& binary) {
  std::vector<NamedThreshold> thresholds;
  for (const double probability : {0.1, 0.25, 0.5, 0.75, 0.9}) {
    thresholds.push_back({std::log(probability / (1 - probability))});
  }
  if (binary.judged.count() > 0) {
    const double highest = threshold_of_highest_f1(binary);
    if (!std::isnan(highest)) thresholds.push_back({highest, "highest F1"});
    thresholds.push_back(
        {metrics::cheapest_threshold(binary.judged.outputs, binary.labels).threshold, "fewest mistakes"});
  }
  std::stable_sort(thresholds.begin(), thresholds.end(),
                   [](const NamedThreshold& a, const NamedThreshold& b) { return a.logit < b.logit; });
  return thresholds;
}

std::string words_of(const NamedThreshold& threshold) {
  const std::string probability =
      threshold.logit == INFINITY ? "above all" : significant(kernels::sigmoid(threshold.logit));
  return *threshold.words == '\0' ? probability : fmt::format("{}, {}", probability, threshold.words);
}

Section threshold_section(const BinaryFigures& binary) {
  const std::vector<NamedThreshold> thresholds = thresholds_of(binary);
  std::vector<double> logits;
  for (const NamedThreshold& threshold : thresholds) logits.push_back(threshold.logit);
  const auto figures =
      metrics::threshold_table(binary.judged.outputs, binary.labels, logits, {.undefined = NAN});
  Table table({{"Threshold", TableColumn::row_name},
               {"Precision", TableColumn::figure},
               {"Recall", TableColumn::figure},
               {"F1", TableColumn::figure},
               {"Accuracy", TableColumn::figure},
               {"False alarms", TableColumn::figure},
               {"Missed", TableColumn::figure}});
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    table.add_row({words_of(thresholds[i]), number(figures.precision[i], 3), number(figures.recall[i], 3),
                   number(figures.f1[i], 3), percent(figures.accuracy[i]),
                   grouped(figures.false_positives[i]), grouped(figures.false_negatives[i])});
  }
  return {
      heading("thresholds", "Thresholds",
              "Class 1 is what has at least this probability. Those with words are chosen by these rows, so "
              "their figures flatter.") +
          table.markup(),
      "thresholds", true};
}

WorstRow worst_row(const BinaryFigures& binary, std::size_t place) {
  const auto label = static_cast<std::size_t>(binary.labels[place]);
  const auto guess = static_cast<std::size_t>(binary.predicted[place]);
  const char* const style = label == guess ? "hit" : "mistake";
  const std::string truth = escaped(binary.names[label]), answer = escaped(binary.names[guess]);
  const std::string probability = percent(binary.probabilities[place]);
  const std::string loss = number(binary.losses[place], 3);
  return {.row = binary.judged.rows[place],
          .title = fmt::format("{} taken for {}", truth, answer),
          .caption = fmt::format("<b>{} → <span class=\"{}\">{}</span></b>class 1 at {}<br/>loss {}", truth,
                                 style, answer, probability, loss),
          .cells = {truth, {answer, style}, probability, loss}};
}

Section worst_answers(const ReportInput& input, const BinaryFigures& binary) {
  WorstRows worst{.heading = "Rows of the highest loss",
                  .note_of_pictures = "The true class → the predicted one, and the probability of class 1.",
                  .note_of_table = "The probability is that of class 1.",
                  .columns = {{"True class"},
                              {"Predicted"},
                              {"Probability", TableColumn::figure},
                              {"Loss", TableColumn::figure}},
                  .rows = {}};
  for (const std::size_t place : places_of_highest(binary.losses, input.options.worst_examples)) {
    worst.rows.push_back(worst_row(binary, place));
  }
  return worst_section(input, worst);
}

std::vector<Section> binary_sections(const BinaryFigures& binary) {
  const auto confusion = metrics::confusion_matrix(binary.predicted, binary.labels, 2);
  return {roc_section(binary), precision_recall_section(binary), threshold_section(binary),
          confusion_section(confusion, binary.names),
          reliability_section(binary.reliability, reliability_of_binary)};
}

}  // namespace

Findings findings_of_binary(const ReportInput& input, const Array<double>& targets) {
  const Shape& shape = targets.shape();
  if (shape.rank() != 1) {
    fail<ShapeError>(
        "{}: targets must be (rows) of binary targets, got {}; several labels a row are "
        "training::multilabel()",
        report_function, shape);
  }
  require_0_or_1(targets, "binary");
  JudgedRows judged = judged_rows(input, targets);
  const BinaryFigures binary =
      binary_figures(std::move(judged), names_of(2, "classes", input.options.class_names));
  const auto of_class_1 = std::accumulate(binary.labels.begin(), binary.labels.end(), std::int64_t{0});
  return {.tested = fmt::format("{}, {} of them of class 1,", counted(binary.judged.count(), "row"),
                                grouped(of_class_1)),
          .notes = warning_of_rows(shape[0] - binary.judged.count(), shape[0], "whose logit is NaN"),
          .figures = key_figures(binary),
          .sections = binary_sections(binary),
          .worst = worst_answers(input, binary)};
}

}  // namespace xtape::training
