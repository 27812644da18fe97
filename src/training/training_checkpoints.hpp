// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "arrays/format.hpp"
#include "training/settings.hpp"
#include "training/training_state.hpp"
#include "xtape/io/checkpoint.hpp"

namespace xtape::training {

// The checkpoints of a run, each with the settings of its training, by which a resumption knows its own.
template <class T>
class TrainingCheckpoints {
 public:
  // @param stream  null: data.train is what is learned from
  TrainingCheckpoints(TrainingState<T>& state, const Dataset<T>& data, const Options<T>& options,
                      const StreamDataset<T>* stream)
      : state_(state),
        options_(options),
        files_(options.checkpoint_directory, {.keep = options.keep_checkpoints}),
        settings_(settings_of(data, options, stream)),
        measured_by_(name_of_measured_rows(data, stream)) {}

  // Loads the newest, and tells what is different now, a line each; nothing if there is none. `measure` gives
  // the loss that stands in TrainingState::measured_loss. Throws FileError for one that is damaged, does not
  // fit, or differs where the options do not allow it, and then changes nothing.
  std::optional<std::string> resume(const std::function<double()>& measure) {
    const auto newest = files_.newest();
    if (!newest) return std::nullopt;
    const std::vector<double> rates = options_.optimizer.learning_rates();
    const NamedArrays before = state_.arrays();
    const std::string of_settings = changed_settings(*newest);
    refuse(of_settings, newest->epoch);
    load(*newest);
    std::string of_loss;
    try {
      of_loss = changed_loss(measure);
      refuse(of_loss, newest->epoch);
    } catch (...) {
      state_.load(before);
      throw;
    }

    const auto given = newest->metadata.find(learning_rates_setting);
    const bool are_new =
        given != newest->metadata.end() && given->second != settings_.at(learning_rates_setting);
    if (are_new && options_.schedule == nullptr) options_.optimizer.set_learning_rates(rates);
    state_.history.damaged_checkpoints = newest->damaged;
    saved_epoch_ = newest->epoch;
    return of_settings + of_loss;
  }

  void save(std::uint64_t epoch) {
    files_.save(epoch, state_.arrays(), settings_);
    saved_epoch_ = epoch;
  }

  // Of which there is a checkpoint; 0 if there is none.
  std::uint64_t saved_epoch() const { return saved_epoch_; }

 private:
  // Learning rates may be those at the begin of the training, or those that it has reached.
  std::string changed_settings(const io::Checkpoints::Newest& newest) {
    const auto given = newest.metadata.find(learning_rates_setting);
    if (given != newest.metadata.end() && newest.state.contains("optimizer.learning_rates")) {
      const auto& reached = newest.state["optimizer.learning_rates"].template get<double>();
      if (learning_rates_in_words({reached.begin(), reached.end()}) == settings_[learning_rates_setting]) {
        settings_[learning_rates_setting] = given->second;
      }
    }
    return differences(newest.metadata, settings_, "in the checkpoint", "now");
  }

  // Whether the weights of the checkpoint give the loss that they gave, but for the rounding of another
  // machine: what cannot be seen of a model and a loss is known by that.
  std::string changed_loss(const std::function<double()>& measure) const {
    const Random random = options_.random;
    const double now = measure(), before = state_.measured_loss;
    options_.random = random;
    const double tolerance = std::is_same_v<T, float> ? 1e-3 : 1e-9;
    if (now == before || (std::isnan(before) && std::isnan(now))) return "";
    const bool are_finite = std::isfinite(now) && std::isfinite(before);
    if (are_finite && std::abs(now - before) <= tolerance * std::max(std::abs(now), std::abs(before)))
      return "";
    return fmt::format(
        "\n  the loss of {} by its weights: {} in the checkpoint, {} now; options.loss, or what the model "
        "computes, is another",
        measured_by_, before, now);
  }

  static const char* name_of_measured_rows(const Dataset<T>& data, const StreamDataset<T>* stream) {
    if (stream == nullptr)
      return data.validation.empty() ? "the first rows of data.train" : "data.validation";
    return data.validation.empty() ? "the first rows of data.stream" : "data.measured_by.validation";
  }

  void load(const io::Checkpoints::Newest& newest) {
    try {
      state_.load(newest.state);
    } catch (const Error& error) {
      fail<FileError>(
          "train: {}: it must be a checkpoint of this training, got one that does not fit; to begin anew "
          "give another checkpoint_directory\n{}",
          files_.path(newest.epoch), error.what());
    }
  }

  void refuse(const std::string& changes, std::uint64_t epoch) const {
    if (changes.empty() || options_.resume_with_changes) return;
    fail<FileError>(
        "train: {}: it must be a checkpoint of this training, got one of another:{}\nto go on all the same "
        "set options.resume_with_changes = true, to begin anew give another checkpoint_directory",
        files_.path(epoch), changes);
  }

  TrainingState<T>& state_;
  const Options<T>& options_;
  io::Checkpoints files_;
  io::Metadata settings_;
  const char* measured_by_;
  std::uint64_t saved_epoch_ = 0;
};

}  // namespace xtape::training
