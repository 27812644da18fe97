// SPDX-License-Identifier: BSD-3-Clause
#include "training/outcome.hpp"

#include <algorithm>
#include <cmath>

#include "arrays/format.hpp"
#include "kernels/softmax.hpp"
#include "metrics/labelled_scores.hpp"
#include "training/findings.hpp"

namespace xtape::training {
namespace {

using Softmax = kernels::Normaliser<double>;

// Takes row_loss(softmax, logits, number of the row, its class) of each row.
template <class RowLoss>
Outcome outcome_with(const metrics::Scores& logits, const Indices& class_indices, const LabelOptions& options,
                     RowLoss row_loss) {
  const metrics::ScoreRows rows(report_function, "logits", logits, metrics::Layout::numbers_or_classes,
                                class_indices, options, metrics::Nan::allowed);
  Outcome outcome;
  outcome.classes = rows.classes();
  outcome.ignored = logits.shape()[0] - rows.count();
  for (std::size_t row = 0; row < rows.count(); ++row) {
    Workspace workspace;
    const double* x = rows.logits(row, workspace);
    const Softmax softmax = kernels::normaliser(x, rows.classes(), 1);
    const double loss =
        std::isnan(softmax.rest.value) ? NAN : row_loss(softmax, x, rows.number_of(row), rows.label(row));
    if (std::isnan(loss)) {
      ++outcome.left_out;
      continue;
    }
    outcome.rows.push_back(rows.number_of(row));
    outcome.labels.push_back(static_cast<std::int64_t>(rows.label(row)));
    outcome.predicted.push_back(static_cast<std::int64_t>(softmax.k));
    outcome.confidences.push_back(softmax.probability(x[softmax.k], softmax.k));
    outcome.losses.push_back(loss);
  }
  return outcome;
}

}  // namespace

Outcome outcome_of(const metrics::Scores& logits, const Indices& class_indices, const LabelOptions& options) {
  return outcome_with(logits, class_indices, options,
                      [](const Softmax& softmax, const double* x, std::size_t, std::size_t label) {
                        return softmax.nats(x[label], label);
                      });
}

Outcome outcome_of(const metrics::Scores& logits, const Array<double>& soft_labels) {
  const std::size_t rows = soft_labels.shape()[0], classes = soft_labels.shape()[1];
  Array<std::int64_t> likeliest(Shape{rows});
  for (std::size_t row = 0; row < rows; ++row) {
    const double* label = soft_labels.data() + row * classes;
    likeliest[row] = std::max_element(label, label + classes) - label;
  }
  return outcome_with(logits, likeliest, {},
                      [&](const Softmax& softmax, const double* x, std::size_t row, std::size_t) {
                        double loss = 0;
                        for (std::size_t c = 0; c < classes; ++c) {
                          const double share = soft_labels[row * classes + c];
                          if (share != 0) loss += share * softmax.nats(x[c], c);  // not 0 times infinity
                        }
                        return loss;
                      });
}

}  // namespace xtape::training
