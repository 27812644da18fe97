// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "data/row_numbers.hpp"
#include "training/loaded_rows.hpp"
#include "training/stream_window.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// The rows that a stream begins with: so many, or all that there are. For none it is not read.
template <class T>
LoadedRows<T> first_rows(const StreamDataset<T>& data, std::size_t count) {
  LoadedRows<T> rows;
  if (count == 0) {
    rows.keep(RowFormat(data.stream, data.kind), 0);
    return rows;
  }
  StreamWindow<T> window(data.stream, data.kind, 1);
  window.rewind(0);
  window.next(count, rows);
  return rows;
}

template <class T>
Targets<T> targets_of(const BatchTargets<T>& targets) {
  switch (targets.kind()) {
    case TargetKind::class_indices:
      return targets.class_indices();
    case TargetKind::soft_labels:
      return soft_labels(targets.values());
    case TargetKind::multilabel:
      return multilabel(targets.values());
    case TargetKind::binary:
      return binary(targets.values());
    case TargetKind::numbers:
      break;
  }
  return numbers(targets.values());
}

// Of rows that stay where they are, all to learn from.
template <class T>
Dataset<T> dataset_of(const LoadedRows<T>& rows) {
  Dataset<T> data{.features = rows.features(),
                  .targets = targets_of(rows.targets()),
                  .train = data::row_numbers(rows.count())};
  if (!rows.weights().empty()) data.weights = {rows.weights().data(), Shape{rows.count()}};
  return data;
}

}  // namespace xtape::training
