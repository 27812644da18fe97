// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>

#include "arrays/format.hpp"
#include "training/task.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// Throws ShapeError, in the name of the task's function, unless features, targets and weights fit together.
template <class T>
void require_dataset(const Dataset<T>& data, const Task<T>& task) {
  const Shape& features = data.features.shape();
  if (features.rank() == 0) {
    fail<ShapeError>("{}: {}.features must have rows, got a scalar", task.function(), task.dataset());
  }
  const Shape& targets = data.targets.shape();
  if (targets.rank() == 0 || targets[0] != features[0]) {
    fail<ShapeError>("{}: {}.targets must have one row for each of the {} rows of features, got shape {}",
                     task.function(), task.dataset(), features[0], targets);
  }
  task.require_targets(targets);
  if (data.weights.given() && data.weights.shape() != Shape{features[0]}) {
    fail<ShapeError>("{}: {}.weights must have one weight for each of the {} rows of features, got shape {}",
                     task.function(), task.dataset(), features[0], data.weights.shape());
  }
}

inline void require_ignore_index(const char* function, TargetKind kind,
                                 const std::optional<std::int64_t>& ignore_index) {
  if (!ignore_index || kind == TargetKind::class_indices) return;
  fail<ArgumentError>(
      "{}: options.ignore_index must be of class indices, got {} targets; a weight of 0 "
      "leaves a row out",
      function, to_string(kind));
}

}  // namespace xtape::training
