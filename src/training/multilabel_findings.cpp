// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "arrays/format.hpp"
#include "training/findings.hpp"
#include "training/judged_rows.hpp"
#include "training/markup.hpp"
#include "training/table.hpp"
#include "training/worst_rows.hpp"
#include "xtape/metrics/multilabel.hpp"

namespace xtape::training {
namespace {

constexpr std::size_t most_labels_named = 8;

// What is known of the labels.
struct LabelFigures {
  JudgedRows judged;
  std::vector<std::string> names;
  std::vector<double> losses;  // of each row, the mean over its labels
  metrics::MultilabelReport report;
};

std::vector<double> label_losses(const JudgedRows& judged) {
  std::vector<double> losses(judged.count());
  for (std::size_t i = 0; i < judged.targets.size(); ++i) {
    losses[i / judged.width] +=
        nats_of_label(judged.outputs[i], judged.targets[i] == 1) / static_cast<double>(judged.width);
  }
  return losses;
}

KeyFigures key_figures(const LabelFigures& labels) {
  const metrics::MultilabelReport& report = labels.report;
  const bool has_rows = labels.judged.count() > 0;
  const auto both = [has_rows](double macro, double micro) {
    return std::pair{has_rows ? number(macro, 3) : "–",
                     fmt::format("mean of the labels; together {}", has_rows ? number(micro, 3) : "–")};
  };
  KeyFigures figures;
  figures.add_fraction("All labels right", report.subset_accuracy);
  figures.add_fraction("Hamming loss", report.hamming_loss);
  for (const auto& [name, average] :
       {std::pair{"F1", &metrics::MultilabelAverages::f1},
        std::pair{"ROC AUC", &metrics::MultilabelAverages::roc_auc},
        std::pair{"Average precision", &metrics::MultilabelAverages::average_precision}}) {
    const auto [value, detail] = both(report.macro.*average, report.micro.*average);
    figures.add(name, value, detail);
  }
  return figures;
}

void add_averages(Table& table, const char* name, const metrics::MultilabelAverages& averages,
                  const std::string& rows) {
  table.add_row({std::string(name), number(averages.precision, 3), number(averages.recall, 3),
                 number(averages.f1, 3), number(averages.roc_auc, 3), number(averages.average_precision, 3),
                 rows});
}

Section label_section(const LabelFigures& labels) {
  const metrics::MultilabelReport& report = labels.report;
  Table table({{"Label", TableColumn::row_name},
               {"Precision", TableColumn::figure},
               {"Recall", TableColumn::figure},
               {"F1", TableColumn::figure},
               {"ROC AUC", TableColumn::figure},
               {"Average precision", TableColumn::figure},
               {"Rows", TableColumn::figure}});
  std::int64_t all = 0;
  for (std::size_t i = 0; i < labels.names.size(); ++i) {
    table.add_row({escaped(labels.names[i]), number(report.precision[i], 3), number(report.recall[i], 3),
                   number(report.f1[i], 3), number(report.roc_auc[i], 3),
                   number(report.average_precision[i], 3), grouped(report.support[i])});
    all += report.support[i];
  }
  table.begin_foot();
  add_averages(table, "Mean", report.macro, "");
  add_averages(table, "Mean by rows", report.weighted, "");
  add_averages(table, "All together", report.micro, grouped(all));
  return {heading("labels", "Labels",
                  "A label is predicted where its logit is at least 0. Rows are those that have it.") +
              table.scrolling_markup(),
          "labels", true, true};
}

// "red, green and 3 more"; a dash for none.
Cell listed(const LabelFigures& labels, const std::vector<std::size_t>& which) {
  std::string text;
  for (std::size_t i = 0; i < std::min(which.size(), most_labels_named); ++i) {
    append(text, "{}{}", i == 0 ? "" : ", ", escaped(labels.names[which[i]]));
  }
  if (which.size() > most_labels_named) append(text, " and {} more", which.size() - most_labels_named);
  return which.empty() ? Cell("–") : Cell(text, "mistake");
}

WorstRow worst_row(const LabelFigures& labels, std::size_t place) {
  const JudgedRows& judged = labels.judged;
  std::vector<std::size_t> missed, invented;
  for (std::size_t label = 0; label < judged.width; ++label) {
    const std::size_t i = place * judged.width + label;
    const bool is_predicted = judged.outputs[i] >= 0, is_true = judged.targets[i] == 1;
    if (is_true && !is_predicted) missed.push_back(label);
    if (is_predicted && !is_true) invented.push_back(label);
  }
  const Cell missing = listed(labels, missed), extra = listed(labels, invented);
  const std::string loss = number(labels.losses[place], 3);
  return {.row = judged.rows[place],
          .title = fmt::format("missed {}, invented {}", missing.markup, extra.markup),
          .caption = fmt::format("missed <span class=\"{}\">{}</span><br/>invented <span "
                                 "class=\"{}\">{}</span><br/>loss {}",
                                 missing.style, missing.markup, extra.style, extra.markup, loss),
          .cells = {missing, extra, loss}};
}

Section worst_labels(const ReportInput& input, const LabelFigures& labels) {
  WorstRows worst{.heading = "Rows of the highest loss",
                  .note_of_pictures = "The labels that were missed, and those that were invented.",
                  .note_of_table = "Missed are labels that a row has, invented those that it has not.",
                  .columns = {{"Missed"}, {"Invented"}, {"Loss", TableColumn::figure}},
                  .rows = {}};
  for (const std::size_t place : places_of_highest(labels.losses, input.options.worst_examples)) {
    worst.rows.push_back(worst_row(labels, place));
  }
  return worst_section(input, worst);
}

}  // namespace

Findings findings_of_multilabel(const ReportInput& input, const Array<double>& targets) {
  const Shape& shape = targets.shape();
  if (shape.rank() != 2 || shape[1] == 0) {
    fail<ShapeError>(
        "{}: targets must be (rows, labels) of multi-label targets with at least one label, got {}",
        report_function, shape);
  }
  require_0_or_1(targets, "multi-label");
  LabelFigures labels{.judged = judged_rows(input, targets), .names = {}, .losses = {}, .report = {}};
  labels.names = names_of(labels.judged.width, "labels", input.options.class_names);
  labels.losses = label_losses(labels.judged);
  labels.report = metrics::multilabel_report(labels.judged.outputs, labels.judged.targets);
  return {.tested = fmt::format("{} of {}", counted(labels.judged.count(), "row"),
                                counted(labels.judged.width, "label")),
          .notes = warning_of_rows(shape[0] - labels.judged.count(), shape[0], "whose logits hold NaN"),
          .figures = key_figures(labels),
          .sections = {label_section(labels)},
          .worst = worst_labels(input, labels)};
}

}  // namespace xtape::training
