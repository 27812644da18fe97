// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "xtape/core/version.hpp"
#include "xtape/training/targets.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

/// What one pass over the training rows gave. Losses in the loss's own unit (nats for cross-entropy), NaN
/// where there is nothing to validate on. The accuracy is the fraction of rows whose class is right; of
/// multi-label rows, of those whose labels are all right; of real numbers there is none, NaN.
struct Epoch {
  std::size_t number = 0;        ///< from 1 on
  double learning_rate = 0;      ///< of the first parameter group, as the epoch ended
  double training_loss = 0;      ///< of all batches, while the model was changing; see Loss
  double training_accuracy = 0;  ///< likewise
  double validation_loss = std::numeric_limits<double>::quiet_NaN();      ///< of all validation rows
  double validation_accuracy = std::numeric_limits<double>::quiet_NaN();  ///< likewise
  double seconds = 0;               ///< of all epochs up to this one, without what an interruption undid
  std::size_t skipped_batches = 0;  ///< without a row that counts for the loss: no step was taken for them
  std::vector<double> validation_metrics = {};  ///< each of History::metric_names, of all validation rows
};

/// The course of a training.
struct History {
  std::vector<Epoch> epochs = {};  ///< one after the other
  std::size_t best_epoch = 0;  ///< the number of that which early stopping took for the best, or without it
                               ///< that with the lowest validation loss; 0: none
  bool stopped_early = false;  ///< before it had all its epochs

  /// Why each checkpoint that is newer than the one it went on from was passed over.
  std::vector<std::string> damaged_checkpoints = {};

  TargetKind targets = TargetKind::class_indices;  ///< what the model learned
  /// What else is measured by the validation rows, as the targets have it: of binary ones "roc_auc" and
  /// "average_precision"; of several labels "hamming_loss", and "macro_" and "micro_" of those two; of
  /// numbers "r_squared", "mean_absolute_error" and "root_mean_squared_error".
  std::vector<std::string> metric_names = {};
};

}  // namespace xtape::training
#pragma GCC visibility pop
