// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays/format.hpp"
#include "training/history_columns.hpp"
#include "xtape/arrays/named_arrays.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/optim/early_stopping.hpp"
#include "xtape/optim/weight_average.hpp"
#include "xtape/training/history.hpp"
#include "xtape/training/train.hpp"

namespace xtape::training {

// Each what the names of a part begin with.
inline constexpr const char* of_model = "model.";
inline constexpr const char* of_optimizer = "optimizer.";
inline constexpr const char* of_random = "random.";
inline constexpr const char* of_history = "history.";
inline constexpr const char* of_schedule = "schedule.";
inline constexpr const char* of_early_stopping = "early_stopping.";
inline constexpr const char* of_best_weights = "best_weights.";
inline constexpr const char* of_weight_average = "weight_average.";
inline constexpr const char* measured_loss_name = "measured_loss";

// All that changes as a training goes on, and nothing else: what a checkpoint holds.
template <class T>
class TrainingState {
 public:
  // Throws ArgumentError for options of early stopping or of the average that are out of range, and for an
  // optimizer of parameters that would not be kept.
  TrainingState(nn::Module<T>& trained, const Options<T>& chosen) : model(trained), options(chosen) {
    require_parameters_of_model();
    if (options.early_stopping) early_stopping.emplace(*options.early_stopping);
    if (options.weight_average) weight_average.emplace(model.parameters(), *options.weight_average);
  }

  NamedArrays arrays() const {
    NamedArrays arrays;
    arrays.add(of_model, model.state());
    arrays.add(of_optimizer, options.optimizer.state());
    arrays.add(of_random, options.random.state());
    arrays.add(of_history, state_of(history));
    if (options.schedule != nullptr) arrays.add(of_schedule, options.schedule->state());
    if (early_stopping) arrays.add(of_early_stopping, early_stopping->state());
    if (best_weights) arrays.add(of_best_weights, best_weights->with_prefix(""));
    if (weight_average) arrays.add(of_weight_average, weight_average->state());
    arrays.add_scalar(measured_loss_name, measured_loss);
    return arrays;
  }

  // Throws Error for those of another training, and then changes nothing.
  void load(const NamedArrays& arrays) {
    require_known_parts(arrays);
    const NamedArrays before = this->arrays();
    try {
      load_parts(arrays);
    } catch (...) {
      load_parts(before);
      throw;
    }
  }

  nn::Module<T>& model;
  const Options<T>& options;
  History history;
  std::optional<optim::EarlyStopping> early_stopping;
  std::optional<NamedArrays> best_weights;  // the state of the model in the best epoch
  std::optional<optim::WeightAverage<T>> weight_average;
  double measured_loss = 0;  // by the weights, of the validation rows, or of some others where there are none

 private:
  void require_parameters_of_model() const {
    if (options.checkpoint_directory.empty() && !options.early_stopping && !options.weight_average) return;
    const auto ours = model.parameters();
    for (const Parameter<T>* parameter : options.optimizer.parameters()) {
      if (std::ranges::find(ours, parameter) != ours.end()) continue;
      fail<ArgumentError>(
          "train: options.optimizer must train parameters of the model where checkpoints, early stopping "
          "or an average keep them, got '{}', which is none; add it to the model",
          parameter->name());
    }
  }

  void require_known_parts(const NamedArrays& arrays) const {
    for (const auto& [name, array] : arrays) {
      const auto is_of = [&text = name](const char* part) { return text.starts_with(part); };
      const bool known = name == measured_loss_name || is_of(of_model) || is_of(of_optimizer) ||
                         is_of(of_random) || is_of(of_history) ||
                         (options.schedule != nullptr && is_of(of_schedule)) ||
                         (early_stopping && (is_of(of_early_stopping) || is_of(of_best_weights))) ||
                         (weight_average && is_of(of_weight_average));
      if (!known) {
        fail<ArgumentError>("train: every part of a checkpoint must have its option, got '{}' without one",
                            name);
      }
    }
  }

  void load_parts(const NamedArrays& arrays) {
    NamedArrays best = arrays.with_prefix(of_best_weights);
    best_weights.reset();
    if (best.size() > 0) {
      model.load_state(best);  // shows that they fit
      best_weights = std::move(best);
    }
    model.load_state(arrays.with_prefix(of_model));
    options.optimizer.load_state(arrays.with_prefix(of_optimizer));
    if (options.schedule != nullptr) load_schedule(arrays.with_prefix(of_schedule));
    if (early_stopping) early_stopping->load_state(arrays.with_prefix(of_early_stopping));
    if (weight_average) weight_average->load_state(arrays.with_prefix(of_weight_average));
    history = history_of(arrays.with_prefix(of_history), history);
    options.random.load_state(arrays.with_prefix(of_random));
    measured_loss = arrays.get_scalar<double>("train", measured_loss_name);
  }

  // A curve may be another one now, as for more epochs, and gives other learning rates than the optimizer
  // had. But if those were not the ones that the schedule had set, they have been set since, and hold until
  // its next step.
  void load_schedule(const NamedArrays& state) {
    const std::vector<double> saved = options.optimizer.learning_rates();
    options.schedule->load_state(state);
    if (!state.contains("learning_rates")) return;
    const auto set_by_schedule = state.get<double>("train", "learning_rates", {saved.size()});
    if (!std::ranges::equal(saved, set_by_schedule)) options.optimizer.set_learning_rates(saved);
  }
};

}  // namespace xtape::training
