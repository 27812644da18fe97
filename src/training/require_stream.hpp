// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "arrays/format.hpp"
#include "data/row_numbers.hpp"
#include "training/loaded_rows.hpp"
#include "training/require_dataset.hpp"
#include "training/task.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

inline void require_target_shape(TargetKind kind, const Shape& of_row) {
  const auto require = [&](bool fits, const char* wanted) {
    if (fits) return;
    fail<ShapeError>("train: data.stream.target_shape() must be {} for targets of the kind {}, got {}",
                     wanted, to_string(kind), of_row);
  };
  switch (kind) {
    case TargetKind::class_indices:
    case TargetKind::binary:
      return require(of_row.rank() == 0, "()");
    case TargetKind::soft_labels:
      return require(of_row.rank() == 1 && of_row[0] > 0, "(classes)");
    case TargetKind::multilabel:
      return require(of_row.rank() == 1 && of_row[0] > 0, "(labels)");
    case TargetKind::numbers:
      return require(of_row.rank() == 0 || (of_row.rank() == 1 && of_row[0] > 0), "() or (outputs)");
  }
}

// Throws unless the options make sense for a stream, and its rows for the kind of its targets.
template <class T>
void require_stream(const StreamDataset<T>& data, const Options<T>& options) {
  if (data.window == 0) fail<ArgumentError>("train: data.window must be at least 1, got 0");
  const auto require_false = [](const char* option, bool value) {
    if (!value) return;
    fail<ArgumentError>(
        "train: options.{} must be false for a stream, whose targets are not known in advance, got true; "
        "give "
        "a loss with class_weights or pos_weight",
        option);
  };
  require_false("balance_classes", options.balance_classes);
  require_false("balance_loss", options.balance_loss);
  require_target_shape(data.kind, data.stream.target_shape());
  if (data.measured_by.features.given() && data.measured_by.validation.empty()) {
    fail<ArgumentError>("train: data.measured_by.validation must say which rows to measure by, got none");
  }
}

inline void require_same_rows(const char* what, const Shape& of_row, const Shape& measured) {
  if (with_rows_before(of_row, measured[0]) == measured) return;
  fail<ShapeError>("train: data.measured_by.{} must have rows of {}, as data.stream has, got {}", what,
                   of_row, measured);
}

// Throws unless the rows to measure by are of the kind of those of the stream.
template <class T>
void require_measured_by(const StreamDataset<T>& data, const Task<T>& task) {
  const Dataset<T>& measured_by = data.measured_by;
  if (measured_by.targets.kind() != data.kind) {
    fail<ArgumentError>("train: data.measured_by.targets must be {}, as data.kind says, got {}",
                        to_string(data.kind), to_string(measured_by.targets.kind()));
  }
  require_dataset(measured_by, task);
  data::require_rows("train", "data.measured_by.validation", measured_by.validation,
                     measured_by.features.shape()[0], "rows of features");
  require_same_rows("features", data.stream.feature_shape(), measured_by.features.shape());
  require_same_rows("targets", data.stream.target_shape(), measured_by.targets.shape());
}

}  // namespace xtape::training
