// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/label_options.hpp"
#include "xtape/metrics/scores.hpp"

namespace xtape::training {

// What a model made of rows whose classes are known: an entry for each row that is not ignored and has a
// softmax.
struct Outcome {
  std::size_t classes = 0;
  std::size_t ignored = 0;           // rows whose label is the ignore_index
  std::size_t left_out = 0;          // others, that have no softmax, or a label with a NaN
  std::vector<std::size_t> rows;     // their numbers
  std::vector<std::int64_t> labels;  // the true class
  std::vector<std::int64_t> predicted;
  std::vector<double> confidences;  // the probability of the predicted class
  std::vector<double> losses;       // the cross-entropy of the label
};

// Both throw ShapeError and LabelError in the name of report_function.
Outcome outcome_of(const metrics::Scores& logits, const Indices& class_indices, const LabelOptions& options);
// The true class is the likeliest of a label, and the first of those.
Outcome outcome_of(const metrics::Scores& logits, const Array<double>& soft_labels);

}  // namespace xtape::training
