// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <numeric>

#include "arrays/format.hpp"
#include "metrics/estimate.hpp"
#include "training/findings.hpp"
#include "training/histogram.hpp"
#include "training/judged_rows.hpp"
#include "training/markup.hpp"
#include "training/scatter_plot.hpp"
#include "training/table.hpp"
#include "training/worst_rows.hpp"
#include "xtape/metrics/regression.hpp"

namespace xtape::training {
namespace {

constexpr std::size_t most_outputs_drawn = 4;

// One of the outputs, by itself.
struct OutputFigures {
  std::string name;  // not escaped yet
  std::vector<double> truth, predicted, errors;
  double r_squared = NAN;
  metrics::Estimate mean_absolute_error, root_mean_squared_error, mean_error;
};

OutputFigures figures_of_output(const JudgedRows& judged, std::size_t column, const std::string& name) {
  OutputFigures figures;
  figures.name = name;
  for (std::size_t i = column; i < judged.targets.size(); i += judged.width) {
    figures.truth.push_back(judged.targets[i]);
    figures.predicted.push_back(judged.outputs[i]);
    figures.errors.push_back(judged.outputs[i] - judged.targets[i]);
  }
  figures.r_squared = metrics::r_squared(figures.predicted, figures.truth);
  figures.mean_absolute_error = metrics::mean_absolute_error(figures.predicted, figures.truth);
  figures.root_mean_squared_error = metrics::root_mean_squared_error(figures.predicted, figures.truth);
  figures.mean_error = metrics::estimate_mean(figures.errors);
  return figures;
}

KeyFigures key_figures(const JudgedRows& judged) {
  const bool has_several = judged.width > 1;
  KeyFigures figures;
  figures.add("R²", number(metrics::r_squared(judged.outputs, judged.targets), 3),
              has_several ? "mean of the outputs" : "coefficient of determination");
  figures.add_amount("Mean absolute error", metrics::mean_absolute_error(judged.outputs, judged.targets));
  figures.add_amount("Root mean squared error",
                     metrics::root_mean_squared_error(judged.outputs, judged.targets));
  return figures;
}

Section output_table(const std::vector<OutputFigures>& outputs) {
  Table table({{"Output", TableColumn::row_name},
               {"R²", TableColumn::figure},
               {"Mean absolute error", TableColumn::figure},
               {"Root mean squared error", TableColumn::figure},
               {"Mean error", TableColumn::figure}});
  for (const OutputFigures& output : outputs) {
    table.add_row({escaped(output.name), number(output.r_squared, 3), significant(output.mean_absolute_error),
                   significant(output.root_mean_squared_error), significant(output.mean_error)});
  }
  return {heading("outputs", "Outputs", "A mean error above 0: too much is predicted.") +
              table.scrolling_markup(),
          "outputs", true, true};
}

// The places of those to draw: all, or of many those that are predicted worst.
std::vector<std::size_t> drawn_outputs(const std::vector<OutputFigures>& outputs) {
  std::vector<std::size_t> places(outputs.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  if (places.size() <= most_outputs_drawn) return places;
  const auto unexplained = [&outputs](std::size_t place) {
    const double r_squared = outputs[place].r_squared;
    return std::isnan(r_squared) ? -INFINITY : -r_squared;
  };
  std::stable_sort(places.begin(), places.end(),
                   [&](std::size_t a, std::size_t b) { return unexplained(a) > unexplained(b); });
  places.resize(most_outputs_drawn);
  std::sort(places.begin(), places.end());
  return places;
}

Section scatter_section(const OutputFigures& output, const std::string& suffix, const std::string& note) {
  const std::string id = "scatter" + suffix;
  const std::string title = "Predicted against true" + (suffix.empty() ? "" : ": " + output.name);
  return {
      heading(id, escaped(title), note) +
          draw({.id = id + "-plot", .title = title, .truth = output.truth, .predicted = output.predicted}),
      id};
}

Section error_section(const OutputFigures& output, const std::string& suffix) {
  const std::string id = "errors" + suffix;
  const std::string title = "Distribution of the errors" + (suffix.empty() ? "" : ": " + output.name);
  const Histogram histogram = histogram_of(output.errors);
  std::string note =
      fmt::format("Predicted less true; their mean is {} ± {}.", significant(output.mean_error),
                  significant(output.mean_error.standard_error));
  if (histogram.below > 0) append(note, " {} are below what is drawn.", grouped(histogram.below));
  if (histogram.above > 0) append(note, " {} are above what is drawn.", grouped(histogram.above));
  return {heading(id, escaped(title), note) + draw(histogram, id + "-plot", title, "Error"), id};
}

void add_drawings(std::vector<Section>& sections, const std::vector<OutputFigures>& outputs) {
  const bool has_more = outputs.size() > most_outputs_drawn;
  for (const std::size_t place : drawn_outputs(outputs)) {
    const std::string suffix = outputs.size() == 1 ? "" : fmt::format("-{}", place + 1);
    sections.push_back(scatter_section(outputs[place], suffix,
                                       has_more ? "One of the outputs that are predicted worst." : ""));
    sections.push_back(error_section(outputs[place], suffix));
  }
}

// The mean of the squared errors of each row.
std::vector<double> losses_of(const JudgedRows& judged) {
  std::vector<double> losses(judged.count());
  for (std::size_t i = 0; i < judged.targets.size(); ++i) {
    const double error = judged.outputs[i] - judged.targets[i];
    losses[i / judged.width] += error * error / static_cast<double>(judged.width);
  }
  return losses;
}

WorstRow worst_row(const JudgedRows& judged, const std::vector<OutputFigures>& outputs, std::size_t place) {
  std::size_t worst = 0;
  for (std::size_t i = 1; i < outputs.size(); ++i) {
    if (std::abs(outputs[i].errors[place]) > std::abs(outputs[worst].errors[place])) worst = i;
  }
  const OutputFigures& output = outputs[worst];
  const std::string truth = significant(output.truth[place]),
                    predicted = significant(output.predicted[place]);
  const std::string error = significant(output.errors[place]);
  const std::string name = outputs.size() == 1 ? "" : escaped(output.name);
  WorstRow row{
      .row = judged.rows[place],
      .title = fmt::format("{}{}{} predicted as {}", name, name.empty() ? "" : ": ", truth, predicted),
      .caption = fmt::format("<b>{} → {}</b>error {}", truth, predicted, error),
      .cells = {truth, predicted, error}};
  if (!name.empty()) {
    row.caption += "<br/>" + name;
    row.cells.insert(row.cells.begin(), name);
  }
  return row;
}

Section worst_numbers(const ReportInput& input, const JudgedRows& judged,
                      const std::vector<OutputFigures>& outputs) {
  const bool has_several = outputs.size() > 1;
  WorstRows worst{
      .heading = "Rows of the largest error",
      .note_of_pictures = has_several ? "By the mean squared error of a row; the true number → the predicted "
                                        "one, of the output with the largest error in it."
                                      : "The true number → the predicted one.",
      .note_of_table = has_several ? "By the mean squared error of a row; shown is the output with the "
                                     "largest error in it."
                                   : "",
      .columns = {{"True", TableColumn::figure},
                  {"Predicted", TableColumn::figure},
                  {"Error", TableColumn::figure}},
      .rows = {}};
  if (has_several) worst.columns.insert(worst.columns.begin(), {"Output"});
  for (const std::size_t place : places_of_highest(losses_of(judged), input.options.worst_examples)) {
    worst.rows.push_back(worst_row(judged, outputs, place));
  }
  return worst_section(input, worst);
}

}  // namespace

Findings findings_of_numbers(const ReportInput& input, const Array<double>& targets) {
  const Shape& shape = targets.shape();
  if (shape.rank() != 1 && !(shape.rank() == 2 && shape[1] > 0)) {
    fail<ShapeError>(
        "{}: targets must be (rows), or (rows, outputs) of numbers with at least one output, got {}",
        report_function, shape);
  }
  const JudgedRows judged = judged_rows(input, targets);
  const std::vector<std::string> names = names_of(judged.width, "outputs", input.options.class_names);
  std::vector<OutputFigures> outputs;
  for (std::size_t i = 0; i < judged.width; ++i) outputs.push_back(figures_of_output(judged, i, names[i]));

  Findings findings{.tested = counted(judged.count(), "row"),
                    .notes = warning_of_rows(shape[0] - judged.count(), shape[0],
                                             "whose outputs or targets hold NaN, or the same infinity"),
                    .figures = key_figures(judged),
                    .sections = {},
                    .worst = worst_numbers(input, judged, outputs)};
  if (outputs.size() > 1) {
    findings.tested += " of " + counted(outputs.size(), "output");
    findings.sections.push_back(output_table(outputs));
  }
  add_drawings(findings.sections, outputs);
  return findings;
}

}  // namespace xtape::training
