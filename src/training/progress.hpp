// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "training/tally.hpp"
#include "xtape/training/history.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// Tells people how far a training is: a line an epoch, and on a terminal a bar in between.
class Progress {
 public:
  // Quiet if there is no stream.
  Progress(std::FILE* stream, std::size_t epochs);

  void on_resumption(std::size_t epochs_done);
  void on_changes(const std::string& differences);
  void on_damaged_checkpoint(const std::string& reason);
  void on_batch(const Batch& batch, const Tally& so_far);
  // Of the metrics it shows the first.
  void on_epoch(const Epoch& epoch, const std::vector<std::string>& metric_names = {});

 private:
  using Clock = std::chrono::steady_clock;

  void show(std::string_view text);

  std::FILE* stream_;
  std::size_t epochs_;
  int epoch_digits_;
  bool is_terminal_;
  Clock::time_point drawn_{};
};

}  // namespace xtape::training
