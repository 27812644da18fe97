// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/training/report.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "arrays/format.hpp"
#include "data/row_numbers.hpp"
#include "files/atomic_file.hpp"
#include "training/findings.hpp"
#include "training/history_sections.hpp"
#include "training/markup.hpp"
#include "training/report_page.hpp"

namespace xtape::training {
namespace {

template <class U>
Array<U> all_rows(const data::Rows<U>& source) {
  Array<U> elements(source.shape());
  if (elements.size() > 0) {
    source.read_rows(data::row_numbers(source.shape()[0]), {elements.data(), elements.size()});
  }
  return elements;
}

template <class T>
Array<double> values_of(const Targets<T>& targets) {
  const Array<T> values = all_rows(targets.values());
  Array<double> doubles(values.shape());
  std::copy(values.begin(), values.end(), doubles.begin());
  return doubles;
}

Findings findings_of(const ReportInput& input, const Indices& class_indices) {
  return findings_of_classes(input, class_indices);
}

template <class T>
Findings findings_of(const ReportInput& input, const Targets<T>& targets) {
  if (targets.shape().rank() == 0) {
    fail<ShapeError>("{}: targets must have rows, got none", report_function);
  }
  if (targets.kind() == TargetKind::class_indices) {
    return findings_of_classes(input, all_rows(targets.class_indices()));
  }
  if (input.options.ignore_index) {
    fail<ArgumentError>(
        "{}: options.ignore_index must be of class indices, got {} targets; give outputs and targets without "
        "those rows",
        report_function, to_string(targets.kind()));
  }
  const Array<double> values = values_of(targets);
  switch (targets.kind()) {
    case TargetKind::soft_labels:
      return findings_of_soft_labels(input, values);
    case TargetKind::multilabel:
      return findings_of_multilabel(input, values);
    case TargetKind::binary:
      return findings_of_binary(input, values);
    default:
      return findings_of_numbers(input, values);
  }
}

Section settings_section(const ReportOptions& options) {
  std::string table = heading("settings", "Settings") + "<table class=\"settings\"><tbody>\n";
  for (const auto& [name, value] : options.settings) {
    append(table, "<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name), escaped(value));
  }
  return {table + "</tbody></table>\n", "settings"};
}

Section model_section(const ReportOptions& options) {
  return {heading("model", "Model") + "<pre tabindex=\"0\">" + escaped(options.model_summary) + "</pre>\n",
          "model"};
}

std::vector<Section> sections_of(const ReportInput& input, TargetKind kind, Findings& findings) {
  std::vector<Section> sections = curve_sections(input.history, kind);
  for (Section& section : findings.sections) sections.push_back(std::move(section));
  for (Section& section : learning_rate_sections(input.history)) sections.push_back(std::move(section));
  if (!input.options.settings.empty()) sections.push_back(settings_section(input.options));
  if (!input.options.model_summary.empty()) sections.push_back(model_section(input.options));
  return sections;
}

std::string page_of(const ReportInput& input, TargetKind kind, Findings findings) {
  const History& history = input.history;
  add_course(findings.figures, history);
  Page page{.title = input.options.title,
            .subtitle = fmt::format("Tested on {} after {}{}. ± is one standard error.", findings.tested,
                                    counted(history.epochs.size(), "epoch"),
                                    history.stopped_early ? ", stopped early" : ""),
            .notes = findings.notes,
            .figures = findings.figures.markup(),
            .sections = sections_of(input, kind, findings),
            .at_the_end = {}};
  if (input.options.worst_examples > 0) page.at_the_end.push_back(std::move(findings.worst));
  return html_of(page);
}

void write(const std::string& path, const History& history, const metrics::Scores& outputs,
           const ReportTargets& targets, const metrics::Scores* features, const ReportOptions& options) {
  const bool is_of_classes = targets.kind() == TargetKind::class_indices;
  const ReportInput input{.history = history,
                          .outputs = outputs,
                          .outputs_name = is_of_classes ? "logits" : "outputs",
                          .features = features,
                          .options = options};
  Findings findings =
      std::visit([&input](const auto& given) { return findings_of(input, given); }, targets.given());
  const std::string text = page_of(input, targets.kind(), std::move(findings));
  AtomicFile file(report_function, path);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace

TargetKind ReportTargets::kind() const noexcept {
  if (const auto* floats = std::get_if<Targets<float>>(&given_)) return floats->kind();
  if (const auto* doubles = std::get_if<Targets<double>>(&given_)) return doubles->kind();
  return TargetKind::class_indices;
}

void write_report(const std::string& path, const History& history, metrics::Scores outputs,
                  ReportTargets targets, metrics::Scores features, const ReportOptions& options) {
  write(path, history, outputs, targets, &features, options);
}

void write_report(const std::string& path, const History& history, metrics::Scores outputs,
                  ReportTargets targets, const ReportOptions& options) {
  write(path, history, outputs, targets, nullptr, options);
}

}  // namespace xtape::training
