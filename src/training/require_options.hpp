// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "arrays/format.hpp"
#include "training/require_dataset.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

inline void require_above_0(const char* option, std::size_t value) {
  if (value == 0) fail<ArgumentError>("train: options.{} must be at least 1, got 0", option);
}

// Throws ArgumentError for one that is out of range, or makes no sense for such targets.
template <class T>
void require_options(const Options<T>& options, TargetKind kind) {
  require_above_0("batch_size", options.batch_size);
  require_above_0("validation_rows_at_a_time", options.validation_rows_at_a_time);
  require_above_0("checkpoint_every", options.checkpoint_every);
  require_above_0("keep_checkpoints", options.keep_checkpoints);
  require_above_0("shards", options.shards);
  if (options.max_gradient_norm && !(*options.max_gradient_norm > 0)) {
    fail<ArgumentError>("train: options.max_gradient_norm must be above 0, got {}",
                        *options.max_gradient_norm);
  }
  require_ignore_index("train", kind, options.ignore_index);
  if (options.balance_classes && kind != TargetKind::class_indices && kind != TargetKind::binary) {
    fail<ArgumentError>(
        "train: options.balance_classes must be of class indices or binary targets, got {} ones",
        to_string(kind));
  }
  if (options.balance_loss && (kind == TargetKind::soft_labels || kind == TargetKind::numbers)) {
    fail<ArgumentError>(
        "train: options.balance_loss must be of class indices, binary or multi-label targets, got {} ones",
        to_string(kind));
  }
  if (options.balance_loss && options.loss) {
    fail<ArgumentError>(
        "train: options.balance_loss must be of the loss that is taken where none is given, got one; give it "
        "losses::balanced_class_weights or losses::balanced_pos_weight");
  }
}

template <class T>
void require_early_stopping(const Options<T>& options, const Dataset<T>& data, const char* dataset) {
  if (!options.early_stopping || !data.validation.empty()) return;
  fail<ArgumentError>("train: options.early_stopping must have rows in {}.validation to measure by, got none",
                      dataset);
}

}  // namespace xtape::training
