// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "training/training_state.hpp"
#include "xtape/io/checkpoint.hpp"

namespace xtape::training {

// The checkpoints of a run, each with the settings of its training, by which a resumption knows its own.
template <class T>
class TrainingCheckpoints {
 public:
  TrainingCheckpoints(TrainingState<T>& state, const Dataset<T>& data, const Options<T>& options);

  // Loads the newest, and tells what is different now, a line each; nothing if there is none. `measure` gives
  // the loss that stands in TrainingState::measured_loss. Throws FileError for one that is damaged, does not
  // fit, or differs where the options do not allow it, and then changes nothing.
  std::optional<std::string> resume(const std::function<double()>& measure);

  void save(std::uint64_t epoch);

  // Of which there is a checkpoint; 0 if there is none.
  std::uint64_t saved_epoch() const { return saved_epoch_; }

 private:
  std::string changed_settings(const io::Checkpoints::Newest& newest);
  std::string changed_loss(const std::function<double()>& measure) const;
  void load(const io::Checkpoints::Newest& newest);
  void refuse(const std::string& changes, std::uint64_t epoch) const;

  TrainingState<T>& state_;
  const Dataset<T>& data_;
  const Options<T>& options_;
  io::Checkpoints files_;
  io::Metadata settings_;
  std::uint64_t saved_epoch_ = 0;
};

}  // namespace xtape::training
