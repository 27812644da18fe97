// SPDX-License-Identifier: BSD-3-Clause
#include "training/training_checkpoints.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "arrays/format.hpp"
#include "training/settings.hpp"

namespace xtape::training {

template <class T>
TrainingCheckpoints<T>::TrainingCheckpoints(TrainingState<T>& state, const Dataset<T>& data,
                                            const Options<T>& options)
    : state_(state),
      data_(data),
      options_(options),
      files_(options.checkpoint_directory, {.keep = options.keep_checkpoints}),
      settings_(settings_of(data, options)) {}

template <class T>
void TrainingCheckpoints<T>::save(std::uint64_t epoch) {
  files_.save(epoch, state_.arrays(), settings_);
  saved_epoch_ = epoch;
}

template <class T>
std::optional<std::string> TrainingCheckpoints<T>::resume(const std::function<double()>& measure) {
  const auto newest = files_.newest();
  if (!newest) return std::nullopt;
  const std::vector<double> rates = options_.optimizer.learning_rates();
  const NamedArrays before = state_.arrays();
  const std::string of_settings = changed_settings(*newest);
  refuse(of_settings, newest->epoch);
  load(*newest);
  const std::string of_loss = changed_loss(measure);
  if (!of_loss.empty() && !options_.resume_with_changes) state_.load(before);
  refuse(of_loss, newest->epoch);

  const auto given = newest->metadata.find(learning_rates_setting);
  const bool are_new =
      given != newest->metadata.end() && given->second != settings_.at(learning_rates_setting);
  if (are_new && options_.schedule == nullptr) options_.optimizer.set_learning_rates(rates);
  state_.history.damaged_checkpoints = newest->damaged;
  saved_epoch_ = newest->epoch;
  return of_settings + of_loss;
}

// Learning rates may be those at the begin of the training, or those that it has reached.
template <class T>
std::string TrainingCheckpoints<T>::changed_settings(const io::Checkpoints::Newest& newest) {
  const auto given = newest.metadata.find(learning_rates_setting);
  if (given != newest.metadata.end() && newest.state.contains("optimizer.learning_rates")) {
    const auto& reached = newest.state["optimizer.learning_rates"].template get<double>();
    if (learning_rates_in_words({reached.begin(), reached.end()}) == settings_[learning_rates_setting]) {
      settings_[learning_rates_setting] = given->second;
    }
  }
  return differences(newest.metadata, settings_);
}

template <class T>
void TrainingCheckpoints<T>::load(const io::Checkpoints::Newest& newest) {
  try {
    state_.load(newest.state);
  } catch (const Error& error) {
    fail<FileError>(
        "train: {}: it must be a checkpoint of this training, got one that does not fit; to begin anew give "
        "another checkpoint_directory\n{}",
        files_.path(newest.epoch), error.what());
  }
}

// Whether the weights of the checkpoint give the loss that they gave, but for the rounding of another
// machine: what cannot be seen of a model and a loss is known by that.
template <class T>
std::string TrainingCheckpoints<T>::changed_loss(const std::function<double()>& measure) const {
  const Random random = options_.random;
  const double now = measure(), before = state_.measured_loss;
  options_.random = random;
  const double tolerance = std::is_same_v<T, float> ? 1e-3 : 1e-9;
  if (now == before || (std::isnan(before) && std::isnan(now))) return "";
  if (std::abs(now - before) <= tolerance * std::max(std::abs(now), std::abs(before))) return "";
  return fmt::format(
      "\n  the loss of {} by its weights: {} in the checkpoint, {} now; options.loss, or what the model "
      "computes, is another",
      data_.validation.empty() ? "the first rows of data.train" : "data.validation", before, now);
}

template <class T>
void TrainingCheckpoints<T>::refuse(const std::string& changes, std::uint64_t epoch) const {
  if (changes.empty() || options_.resume_with_changes) return;
  fail<FileError>(
      "train: {}: it must be a checkpoint of this training, got one of another:{}\nto go on all the same set "
      "options.resume_with_changes = true, to begin anew give another checkpoint_directory",
      files_.path(epoch), changes);
}

template class TrainingCheckpoints<float>;
template class TrainingCheckpoints<double>;

}  // namespace xtape::training
