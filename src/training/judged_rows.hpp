// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "training/findings.hpp"

namespace xtape::training {

// Outputs and targets of the rows whose difference is no NaN in any of them.
struct JudgedRows {
  std::vector<std::size_t> rows;   // their numbers
  std::size_t width = 1;           // targets a row
  Array<double> outputs, targets;  // (rows) or (rows, width)

  std::size_t count() const { return rows.size(); }
};

// Throws ShapeError unless outputs are of the shape of the targets, or (rows, 1) for (rows).
JudgedRows judged_rows(const ReportInput& input, const Array<double>& targets);

// Throws LabelError, in which `kind` says what the targets are.
void require_0_or_1(const Array<double>& targets, const char* kind);

// -log(probability of the label), of its logit
double nats_of_label(double logit, bool label);

}  // namespace xtape::training
