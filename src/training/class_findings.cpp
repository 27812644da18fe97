// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "arrays/format.hpp"
#include "metrics/estimate.hpp"
#include "training/confusion_figure.hpp"
#include "training/findings.hpp"
#include "training/markup.hpp"
#include "training/outcome.hpp"
#include "training/reliability_diagram.hpp"
#include "training/table.hpp"
#include "training/worst_rows.hpp"
#include "xtape/metrics/calibration.hpp"
#include "xtape/metrics/classification.hpp"
#include "xtape/metrics/classification_report.hpp"

namespace xtape::training {
namespace {

// What is known of the classes.
struct ClassFigures {
  Outcome outcome;
  std::vector<std::string> names;
  Array<std::int64_t> confusion;
  metrics::ClassificationReport by_class;
  metrics::ReliabilityTable reliability;

  const std::string& name_of(std::int64_t class_index) const {
    return names[static_cast<std::size_t>(class_index)];
  }
};

ClassFigures figures_of(Outcome outcome, const std::vector<std::string>& class_names) {
  auto names = names_of(outcome.classes, "classes", class_names);
  auto confusion = metrics::confusion_matrix(outcome.predicted, outcome.labels, outcome.classes);
  auto by_class = metrics::classification_report(confusion);
  std::vector<std::int64_t> is_right(outcome.rows.size());
  for (std::size_t i = 0; i < is_right.size(); ++i) is_right[i] = outcome.predicted[i] == outcome.labels[i];
  auto reliability = metrics::reliability_table(outcome.confidences, is_right, {.bins = reliability_bins});
  return {.outcome = std::move(outcome),
          .names = std::move(names),
          .confusion = std::move(confusion),
          .by_class = std::move(by_class),
          .reliability = std::move(reliability)};
}

KeyFigures key_figures(const ClassFigures& figures) {
  const Outcome& outcome = figures.outcome;
  KeyFigures key_figures;
  key_figures.add_fraction("Accuracy", metrics::accuracy(outcome.predicted, outcome.labels));
  key_figures.add_number("Log loss", metrics::estimate_mean(outcome.losses));
  key_figures.add("F1", outcome.rows.empty() ? "–" : number(figures.by_class.macro.f1, 3),
                  "mean of the classes");
  key_figures.add("Calibration error", percent(metrics::expected_calibration_error(figures.reliability), 2),
                  fmt::format("expected, {} bins", reliability_bins));
  return key_figures;
}

void add_class(Table& table, const std::string& name, const metrics::PrecisionRecall& figures,
               std::int64_t rows) {
  table.add_row({escaped(name), number(figures.precision, 3), number(figures.recall, 3),
                 number(figures.f1, 3), grouped(rows)});
}

Section class_section(const ClassFigures& figures) {
  const metrics::ClassificationReport& by_class = figures.by_class;
  Table table({{"Class", TableColumn::row_name},
               {"Precision", TableColumn::figure},
               {"Recall", TableColumn::figure},
               {"F1", TableColumn::figure},
               {"Rows", TableColumn::figure}});
  for (std::size_t c = 0; c < figures.names.size(); ++c) {
    add_class(table, figures.names[c], {by_class.precision[c], by_class.recall[c], by_class.f1[c]},
              by_class.support[c]);
  }
  const auto rows = static_cast<std::int64_t>(figures.outcome.rows.size());
  table.begin_foot();
  add_class(table, "Mean", by_class.macro, rows);
  add_class(table, "Mean by rows", by_class.weighted, rows);
  return {heading("classes", "Classes") + table.scrolling_markup(), "classes", false, true};
}

// The class and the guess, as they stand under a picture and in a table.
WorstRow worst_row(const ClassFigures& figures, std::size_t place) {
  const Outcome& outcome = figures.outcome;
  const std::string label = escaped(figures.name_of(outcome.labels[place]));
  const std::string guess = escaped(figures.name_of(outcome.predicted[place]));
  const char* const style = outcome.labels[place] == outcome.predicted[place] ? "hit" : "mistake";
  const std::string confidence = percent(outcome.confidences[place]), loss = number(outcome.losses[place], 3);
  return {.row = outcome.rows[place],
          .title = fmt::format("{} taken for {}", label, guess),
          .caption = fmt::format("<b>{} → <span class=\"{}\">{}</span></b>at {}<br/>loss {}", label, style,
                                 guess, confidence, loss),
          .cells = {label, {guess, style}, confidence, loss}};
}

Section worst_classes(const ReportInput& input, const ClassFigures& figures) {
  WorstRows worst{.heading = "Rows of the highest loss",
                  .note_of_pictures = "The true class → the predicted one, and its probability.",
                  .note_of_table = "The probability is that of the predicted class.",
                  .columns = {{"True class"},
                              {"Predicted"},
                              {"Probability", TableColumn::figure},
                              {"Loss", TableColumn::figure}},
                  .rows = {}};
  for (const std::size_t place : places_of_highest(figures.outcome.losses, input.options.worst_examples)) {
    worst.rows.push_back(worst_row(figures, place));
  }
  return worst_section(input, worst);
}

Findings findings_of(const ReportInput& input, const ClassFigures& figures) {
  const Outcome& outcome = figures.outcome;
  Findings findings{.tested = fmt::format("{} of {}", counted(outcome.rows.size(), "row"),
                                          counted(outcome.classes, "class", "classes")),
                    .notes = {},
                    .figures = key_figures(figures),
                    .sections = {confusion_section(figures.confusion, figures.names), class_section(figures),
                                 reliability_section(figures.reliability, reliability_of_classes)},
                    .worst = worst_classes(input, figures)};
  return findings;
}

}  // namespace

Findings findings_of_classes(const ReportInput& input, const Indices& class_indices) {
  const ReportOptions& options = input.options;
  const ClassFigures figures = figures_of(
      outcome_of(input.outputs, class_indices, {.ignore_index = options.ignore_index}), options.class_names);
  Findings findings = findings_of(input, figures);
  const Outcome& outcome = figures.outcome;
  const std::size_t rows = input.outputs.shape()[0];
  if (outcome.ignored > 0) {
    append(findings.notes,
           "<p class=\"note\">Left out of all that follows: {} of {} rows, whose label {} is ignored.</p>\n",
           grouped(static_cast<std::int64_t>(outcome.ignored)), grouped(static_cast<std::int64_t>(rows)),
           *options.ignore_index);
  }
  findings.notes += warning_of_rows(
      outcome.left_out, rows, "whose logits have no softmax, because they hold NaN, +inf twice or only -inf");
  return findings;
}

Findings findings_of_soft_labels(const ReportInput& input, const Array<double>& labels) {
  const Shape& shape = labels.shape();
  if (shape.rank() != 2 || shape[1] == 0) {
    fail<ShapeError>("{}: targets must be (rows, classes) of soft labels with at least one class, got {}",
                     report_function, shape);
  }
  if (input.outputs.shape() != shape) {
    fail<ShapeError>("{}: outputs must be of the shape of the targets {}, got {}", report_function, shape,
                     input.outputs.shape());
  }
  const ClassFigures figures = figures_of(outcome_of(input.outputs, labels), input.options.class_names);
  Findings findings = findings_of(input, figures);
  findings.notes =
      "<p class=\"note\">The true class of a row is the likeliest of its label; losses are by the whole "
      "label.</p>\n" +
      warning_of_rows(figures.outcome.left_out, shape[0],
                      "which have no cross-entropy, because a label holds NaN or the logits hold NaN, +inf "
                      "twice or only -inf");
  return findings;
}

}  // namespace xtape::training
