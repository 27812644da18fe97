// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "training/report_page.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/metrics/scores.hpp"
#include "xtape/training/report.hpp"

namespace xtape::training {

// In whose name the parts of a report complain.
inline constexpr const char* report_function = "write_report";

// What a report is about.
struct ReportInput {
  const History& history;
  const metrics::Scores& outputs;
  const char* outputs_name;         // in messages
  const metrics::Scores* features;  // null: none are given
  const ReportOptions& options;
};

// What a report says by the kind of its targets.
struct Findings {
  std::string tested;  // "4 rows of 3 classes"
  std::string notes;   // paragraphs about rows that are left out
  KeyFigures figures;
  std::vector<Section> sections;
  Section worst;  // rows
};

// Each throws ShapeError, LabelError or ArgumentError in the name of report_function.
Findings findings_of_classes(const ReportInput& input, const Indices& class_indices);
Findings findings_of_soft_labels(const ReportInput& input, const Array<double>& labels);
Findings findings_of_multilabel(const ReportInput& input, const Array<double>& labels);
Findings findings_of_binary(const ReportInput& input, const Array<double>& labels);
Findings findings_of_numbers(const ReportInput& input, const Array<double>& targets);

// "1 row", "1,234 classes"; `plural` where it is not the noun with an s.
std::string counted(std::size_t count, const char* noun, const char* plural = nullptr);

// options.class_names, or the numbers of so many `things`, "classes" or the like; escaped by nobody yet.
std::vector<std::string> names_of(std::size_t count, const char* things,
                                  const std::vector<std::string>& given);

// A paragraph about rows that cannot be judged, because of `reason`; empty where there are none.
std::string warning_of_rows(std::size_t left_out, std::size_t all, const char* reason);

}  // namespace xtape::training
