// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/training/train.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "arrays/format.hpp"
#include "autograd/check_finite.hpp"
#include "core/at_end.hpp"
#include "data/row_numbers.hpp"
#include "training/batch_loader.hpp"
#include "training/epoch_log.hpp"
#include "training/first_rows.hpp"
#include "training/loaded_rows.hpp"
#include "training/measurement.hpp"
#include "training/not_finite.hpp"
#include "training/objective.hpp"
#include "training/progress.hpp"
#include "training/require_dataset.hpp"
#include "training/require_options.hpp"
#include "training/require_stream.hpp"
#include "training/same_ranks.hpp"
#include "training/settings.hpp"
#include "training/shard_plan.hpp"
#include "training/step.hpp"
#include "training/stream_window.hpp"
#include "training/tally.hpp"
#include "training/task.hpp"
#include "training/training_checkpoints.hpp"
#include "training/training_state.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/core/simd.hpp"
#include "xtape/core/version.hpp"
#include "xtape/data/balanced_batches.hpp"
#include "xtape/data/batches.hpp"
#include "xtape/optim/clip_gradients.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {
namespace {

using Clock = std::chrono::steady_clock;
using Rows = std::span<const std::size_t>;

// The validation rows. Where there are none, so many that a resumption knows model and loss by them.
template <class T>
std::vector<std::size_t> rows_to_measure(const Dataset<T>& data, const Options<T>& options) {
  if (!data.validation.empty()) return data.validation;
  const std::size_t count = std::min(data.train.size(), options.batch_size);
  return {data.train.begin(), data.train.begin() + static_cast<std::ptrdiff_t>(count)};
}

// Of each row of the dataset that is trained on; of the others 0.
template <class T>
Array<std::int64_t> classes_to_balance(const Dataset<T>& data, const Task<T>& task) {
  Array<std::int64_t> classes(Shape{data.targets.shape()[0]});
  LoadedRows<T> rows;
  rows.load_targets(data, data.train);
  const BatchTargets<T> targets = rows.targets();
  task.require_values(targets);
  const bool are_indices = targets.kind() == TargetKind::class_indices;
  for (std::size_t i = 0; i < data.train.size(); ++i) {
    classes[data.train[i]] =
        are_indices ? targets.class_indices()[i] : static_cast<std::int64_t>(targets.values()[i]);
  }
  return classes;
}

// Throws ArgumentError where shards are more than the rows of a batch, or the ranks cannot have as many each.
template <class T>
ShardPlan plan_of(const Options<T>& options, std::size_t batch_rows) {
  distributed::Communicator* const communicator = options.communicator;
  const std::size_t ranks = communicator == nullptr ? 1 : communicator->size();
  const bool is_fixed = options.shards > 1 || ranks == 1;
  const std::size_t all = is_fixed ? options.shards : ranks;
  if (all > batch_rows) {
    fail<ArgumentError>("train: options.{} must be at most the {} rows of a batch, got {}",
                        is_fixed ? "shards" : "communicator's ranks", batch_rows, all);
  }
  if (all % ranks != 0) {
    fail<ArgumentError>("train: options.shards must be a multiple of the {} ranks, got {}", ranks, all);
  }
  const std::size_t count = all / ranks, rank = communicator == nullptr ? 0 : communicator->rank();
  return {all, rank * count, count, ranks > 1 ? communicator : nullptr, is_fixed};
}

// Those that the optimizer trains, and the others of the model, which get gradients all the same.
template <class T>
std::vector<Parameter<T>*> all_parameters(const nn::Module<T>& model, const optim::Optimizer<T>& optimizer) {
  std::vector<Parameter<T>*> parameters = optimizer.parameters();
  for (Parameter<T>* parameter : model.parameters()) {
    if (std::ranges::find(parameters, parameter) == parameters.end()) parameters.push_back(parameter);
  }
  return parameters;
}

template <class T>
class Training {
 public:
  // @param stream  null: data.train is what is learned from
  Training(nn::Module<T>& model, const Task<T>& task, const Dataset<T>& data, const Options<T>& options,
           const Callbacks& callbacks, const StreamDataset<T>* stream = nullptr)
      : state_(model, options),
        model_(model),
        data_(data),
        options_(options),
        callbacks_(callbacks),
        objective_(model, task, options.loss),
        measure_(objective_, data, rows_to_measure(data, options), options.validation_rows_at_a_time),
        plan_(plan_of(options, stream == nullptr ? std::min(options.batch_size, data.train.size())
                                                 : options.batch_size)),
        parameters_(all_parameters(model, options.optimizer)),
        step_(objective_, parameters_, plan_),
        stream_(stream),
        loader_(stream != nullptr || !data.features.in_memory(), options.augment, plan_),
        progress_(is_first_rank() ? options.progress : nullptr, options.epochs) {
    state_.history.targets = data.targets.kind();
    state_.history.metric_names = task.metric_names();
    if (options.balance_classes) {
      balanced_.emplace(data.train, classes_to_balance(data, task), options.batch_size,
                        data::BalancedBatchesOptions{.ignore_index = options.ignore_index});
    }
    if (stream != nullptr) {
      window_.emplace(stream->stream, stream->kind, stream->window);
    } else {
      require_whole_batch(balanced_ ? (*balanced_)[0].size() : data.train.size());
    }
    if (!options.checkpoint_directory.empty()) checkpoints_.emplace(state_, data, options, stream);
  }

  History run() {
    if (plan_.communicator != nullptr) require_same_ranks(*plan_.communicator, settings_of_rank());
    resume();
    if (plan_.communicator != nullptr) require_same_checkpoint();
    if (!options_.log.empty() && is_first_rank()) log_.emplace(options_.log, state_.history);
    started_ = Clock::now();
    zero_gradients();
    bool goes_on = true;
    while (goes_on && state_.history.epochs.size() < options_.epochs && !has_converged()) {
      goes_on = run_epoch();
    }
    state_.history.stopped_early = state_.history.epochs.size() < options_.epochs;
    keep_best_weights();
    return std::move(state_.history);
  }

 private:
  // Unless it may be smaller.
  void require_whole_batch(std::size_t rows_of_epoch) const {
    if (!options_.drop_last || rows_of_epoch >= options_.batch_size) return;
    fail<ArgumentError>(
        "train: options.batch_size must be at most the {} rows of an epoch, of which drop_last "
        "would leave none, got {}",
        rows_of_epoch, options_.batch_size);
  }

  bool is_first_rank() const { return plan_.first == 0; }

  // What the ranks of a training must have in common.
  io::Metadata settings_of_rank() {
    io::Metadata settings = settings_of(data_, options_, stream_);
    const Version built = version();
    settings["version of xtape"] = fmt::format("{}.{}.{}", built.major, built.minor, built.patch);
    settings["instructions of the processor"] = simd_name();
    settings["options.checkpoint_directory"] = checkpoints_ ? "given" : "none";
    if (options_.early_stopping) {
      settings["options.early_stopping, patience"] = fmt::format("{}", options_.early_stopping->patience);
    }
    settings["options.epochs"] = fmt::format("{}", options_.epochs);
    settings["weights and other state"] = fingerprint_of_state(state_.arrays());
    return settings;
  }

  void require_same_checkpoint() {
    require_same_ranks(*plan_.communicator,
                       {{"epoch of the newest checkpoint in options.checkpoint_directory, which all must see",
                         fmt::format("{}", checkpoints_ ? checkpoints_->saved_epoch() : 0)}});
  }

  // What rank 0 has measured is what all go by.
  void agree(std::span<double> measured) {
    if (plan_.communicator != nullptr) plan_.communicator->broadcast(std::as_writable_bytes(measured));
  }

  bool has_converged() const { return state_.early_stopping && state_.early_stopping->should_stop(); }

  void resume() {
    if (!checkpoints_) return;
    const auto changes = checkpoints_->resume([this] {
      model_.eval();
      const auto averaged = averages();
      return measure_(tape_).loss;
    });
    if (!changes) return;
    for (const std::string& reason : state_.history.damaged_checkpoints)
      progress_.on_damaged_checkpoint(reason);
    if (!changes->empty()) progress_.on_changes(*changes);
    if (!state_.history.epochs.empty()) seconds_before_ = state_.history.epochs.back().seconds;
    progress_.on_resumption(state_.history.epochs.size());
  }

  // Whether the training is to go on.
  bool run_epoch() {
    Epoch epoch{.number = state_.history.epochs.size() + 1};
    epoch.validation_metrics.assign(state_.history.metric_names.size(), NAN);
    const Tally training = take_steps(epoch);
    epoch.training_loss = training.loss();
    epoch.training_accuracy = training.accuracy();
    epoch.learning_rate = options_.optimizer.learning_rate();
    require_finite_weights(options_.optimizer, epoch.number, advice());
    judge(epoch);
    if (options_.schedule != nullptr && options_.schedule_every == Every::epoch) {
      options_.schedule->step(data_.validation.empty() ? epoch.training_loss : epoch.validation_loss);
    }
    epoch.seconds = seconds_before_ + std::chrono::duration<double>(Clock::now() - started_).count();
    note(epoch);

    double goes_on = !callbacks_.on_epoch || callbacks_.on_epoch(state_.history) ? 1 : 0;
    agree({&goes_on, 1});
    const bool is_last = goes_on == 0 || has_converged() || epoch.number == options_.epochs;
    if (checkpoints_ && is_first_rank() && (is_last || epoch.number % options_.checkpoint_every == 0)) {
      checkpoints_->save(epoch.number);
    }
    if (log_) log_->append(epoch);
    progress_.on_epoch(epoch, state_.history.metric_names);
    return goes_on != 0;
  }

  Tally take_steps(Epoch& epoch) {
    model_.train();
    if (window_) return take_steps_through_window(epoch);
    if (balanced_) {
      balanced_->shuffle(options_.random);
      return take_steps(epoch, *balanced_);
    }
    // Drawn from the rows as they were given, so that the order is one of the random state alone.
    data::Batches batches(data_.train, options_.batch_size);
    batches.shuffle(options_.random);
    return take_steps(epoch, batches);
  }

  Tally take_steps_through_window(Epoch& epoch) {
    window_->rewind(options_.random());
    Batch batch{.epoch = epoch.number, .count = batches_of_stream_};
    const Tally tally = take_steps(epoch, batch, [this](std::size_t, LoadedRows<T>& rows, Copy) {
      return window_->next(options_.batch_size, rows) &&
             !(options_.drop_last && rows.count() < options_.batch_size);
    });
    batches_of_stream_ = batch.number;
    return tally;
  }

  template <class Batches>
  Tally take_steps(Epoch& epoch, const Batches& batches) {
    Batch batch{.epoch = epoch.number, .count = batches.size()};
    if (options_.drop_last && batches[batch.count - 1].size() < options_.batch_size) --batch.count;
    return take_steps(epoch, batch,
                      [&, count = batch.count](std::size_t number, LoadedRows<T>& rows, Copy copy) {
                        if (number == count) return false;
                        rows.load(data_, rows_of_rank(batches[number]), batches[number].size(), copy);
                        return true;
                      });
  }

  // Afterwards the batch is the last one.
  Tally take_steps(Epoch& epoch, Batch& batch, typename BatchLoader<T>::Load load) {
    Tally tally;
    Random seeds = options_.random;  // a copy: what is drawn here changes no order of rows
    loader_.begin_epoch(std::move(load), seeds());
    seed_of_shards_ = seeds();
    const AtEnd no_longer_read([this]() noexcept { loader_.finish(); });
    while (const LoadedRows<T>* const rows = loader_.next()) {
      ++batch.number;
      if (!take_step(batch, *rows, tally)) {
        ++epoch.skipped_batches;
        continue;
      }
      progress_.on_batch(batch, tally);
      if (callbacks_.on_batch) callbacks_.on_batch(batch);
    }
    if (batch.number == 0) throw_without_batch(epoch.number);
    if (epoch.skipped_batches == batch.number) {
      fail<ArgumentError>(
          "train: a row of {} must count for the loss, got none in the {} batches of epoch {}: its "
          "options leave out every label",
          window_ ? "data.stream" : "data.train", batch.number, epoch.number);
    }
    return tally;
  }

  [[noreturn]] void throw_without_batch(std::size_t epoch) const {
    if (window_->arrived() > 0) require_whole_batch(window_->arrived());
    fail<ArgumentError>("train: data.stream must give rows to learn from, got none in epoch {}", epoch);
  }

  Rows rows_of_rank(Rows batch) const {
    const std::size_t begin = plan_.begin(plan_.first, batch.size());
    return batch.subspan(begin, plan_.begin(plan_.first + plan_.count, batch.size()) - begin);
  }

  // Whether a row counted for the loss. If none does, no step is taken.
  bool take_step(Batch& batch, const LoadedRows<T>& rows, Tally& tally) {
    const AtEnd released([this]() noexcept { step_.end(); });
    step_.forward(rows, batch.epoch == 1 && batch.number <= options_.checked_batches,
                  seed_of_shards_ + batch.number * plan_.all);
    if (step_.divisor().value == 0) return false;
    batch.loss = step_.loss();
    if (!std::isfinite(batch.loss)) throw_not_finite(batch, rows);
    step_.backward();
    check_gradients(batch);
    options_.optimizer.step();
    zero_gradients();
    if (state_.weight_average) state_.weight_average->update();
    if (options_.schedule != nullptr && options_.schedule_every == Every::batch) {
      options_.schedule->step(batch.loss);
    }
    tally.add(batch.loss, step_.divisor(), step_.judged());
    return true;
  }

  // Of those too that the optimizer leaves as they are.
  void zero_gradients() {
    for (Parameter<T>* parameter : parameters_) parameter->zero_grad();
  }

  // And makes them smaller, if options say so.
  void check_gradients(const Batch& batch) {
    const auto& parameters = options_.optimizer.parameters();
    try {
      if (options_.max_gradient_norm) {
        optim::clip_gradient_norm(parameters, *options_.max_gradient_norm);
      } else {
        optim::require_finite_gradients(parameters);
      }
    } catch (const NonFiniteError& error) {
      throw_gradient_not_finite(batch, error.what());
    }
  }

  [[noreturn]] void throw_gradient_not_finite(const Batch& batch, const std::string& which) {
    zero_gradients();
    const char* const origin = step_.origin_of_not_finite_gradient();
    const std::string found =
        origin == nullptr
            ? "look for an operation without a slope at a value that it gets, such as sqrt at 0"
            : fmt::format(
                  "the gradient of '{0}' makes it of finite numbers: keep what {0} gets from where it has "
                  "no slope, or one that is too large",
                  origin);
    fail<NonFiniteError>(
        "train: gradients must be finite, got others {}, where the loss is {}; the step was not taken; {} "
        "(such as sqrt(x + 1e-12)), or {}\n{}",
        place_of(batch), batch.loss, found, advice(), which);
  }

  std::string place_of(const Batch& batch) const {
    const std::string of_count = batch.number > batch.count ? "" : fmt::format(" of {}", batch.count);
    return fmt::format("in epoch {}, batch {}{}, at learning rate {}", batch.epoch, batch.number, of_count,
                       options_.optimizer.learning_rate());
  }

  std::string advice() const {
    std::string text = "try a smaller learning rate, ";
    if (!options_.max_gradient_norm) text += "max_gradient_norm = 1, ";
    text += "or features of mean 0 and deviation 1";
    if (checkpoints_ && checkpoints_->saved_epoch() > 0) {
      text += fmt::format(
          ". The checkpoint of epoch {} is as it was; since it keeps its learning rate, give another "
          "checkpoint_directory to change that",
          checkpoints_->saved_epoch());
    }
    return text;
  }

  [[noreturn]] void throw_not_finite(const Batch& batch, const LoadedRows<T>& loaded) {
    loader_.finish();  // A store is read by one thread at a time.
    const std::string text =
        fmt::format("the loss must be finite, got {} {}", detail::in_words(batch.loss), place_of(batch));
    const BatchTargets<T> targets = loaded.targets();
    const Rows rows = targets.rows();
    const bool has_numbers = targets.kind() != TargetKind::class_indices;
    if (window_) {
      require_finite_elements<T>(options_.augment ? "augmented features" : "features", "data.stream",
                                 loaded.features(), rows, text);
      if (has_numbers) require_finite_elements<T>("targets", "data.stream", targets.values(), rows, text);
    } else {
      require_finite_rows("features", data_.features, rows, text);
      if (has_numbers) require_finite_rows("targets", data_.targets.values(), rows, text);
      if (options_.augment) {
        require_finite_elements<T>("augmented features", "data", loaded.features(), rows, text);
      }
    }
    fail<NonFiniteError>("train: {}; {}", text, advice());
  }

  // While it lives, the model has the averages of its weights, if there are any.
  std::optional<typename optim::WeightAverage<T>::Applied> averages() {
    return state_.weight_average
               ? std::make_optional<typename optim::WeightAverage<T>::Applied>(*state_.weight_average)
               : std::nullopt;
  }

  // By the validation rows.
  void judge(Epoch& epoch) {
    model_.eval();
    if (data_.validation.empty() && !checkpoints_) return;
    const auto averaged = averages();
    const Measured measured = measure_(tape_);
    state_.measured_loss = measured.loss;
    agree({&state_.measured_loss, 1});
    if (data_.validation.empty()) return;
    if (std::isnan(measured.loss)) measure_.throw_nan(measured, epoch.number);
    epoch.validation_loss = state_.measured_loss;
    epoch.validation_accuracy = measured.accuracy;
    epoch.validation_metrics = measure_.metrics();
    agree({&epoch.validation_accuracy, 1});
    agree(epoch.validation_metrics);
    if (!state_.early_stopping) return;
    const bool is_maximised = options_.early_stopping->mode == optim::Mode::max;
    const double best_is_1 =
        data_.targets.kind() == TargetKind::numbers ? epoch.validation_metrics[0] : epoch.validation_accuracy;
    state_.early_stopping->step(is_maximised ? best_is_1 : epoch.validation_loss);
    if (state_.early_stopping->is_best()) state_.best_weights = model_.state();
  }

  void note(const Epoch& epoch) {
    History& history = state_.history;
    if (state_.early_stopping) {
      history.best_epoch = static_cast<std::size_t>(state_.early_stopping->best_step());
    } else if (!std::isnan(epoch.validation_loss) &&
               (history.best_epoch == 0 ||
                epoch.validation_loss < history.epochs[history.best_epoch - 1].validation_loss)) {
      history.best_epoch = epoch.number;
    }
    history.epochs.push_back(epoch);
  }

  void keep_best_weights() {
    model_.eval();
    if (state_.best_weights) {
      model_.load_state(*state_.best_weights);
    } else if (state_.weight_average) {
      state_.weight_average->swap();
    }
  }

  TrainingState<T> state_;
  nn::Module<T>& model_;
  const Dataset<T>& data_;
  const Options<T>& options_;
  const Callbacks& callbacks_;
  Objective<T> objective_;
  Measurement<T> measure_;
  std::optional<data::BalancedBatches> balanced_;
  ShardPlan plan_;
  std::vector<Parameter<T>*> parameters_;
  Step<T> step_;
  const StreamDataset<T>* stream_;  // null: data_.train is what is learned from
  std::optional<StreamWindow<T>> window_;
  std::size_t batches_of_stream_ = 0;  // in the epoch before, if it is known
  BatchLoader<T> loader_;
  std::optional<TrainingCheckpoints<T>> checkpoints_;
  std::optional<EpochLog> log_;
  Progress progress_;
  Tape<T> tape_;                      // of the rows to measure by
  std::uint64_t seed_of_shards_ = 0;  // of those of the first batch of the epoch
  double seconds_before_ = 0;
  Clock::time_point started_;
};

}  // namespace

template <class T>
History train(nn::Module<T>& model, const Dataset<std::type_identity_t<T>>& data,
              const Options<std::type_identity_t<T>>& options, const Callbacks& callbacks) {
  require_options(options, data.targets.kind());
  require_early_stopping(options, data, "data");
  const auto task =
      task_of<T>(data.targets.kind(), {.function = "train", .ignore_index = options.ignore_index});
  require_dataset(data, *task);
  if (data.train.empty()) fail<ArgumentError>("train: data.train must have rows to learn from, got none");
  data::require_rows("train", "data.train", data.train, data.features.shape()[0], "rows of features");
  data::require_rows("train", "data.validation", data.validation, data.features.shape()[0],
                     "rows of features");
  if (options.balance_loss) task->balance(data.targets, data.train);
  return Training<T>(model, *task, data, options, callbacks).run();
}

template <class T>
History train(nn::Module<T>& model, const StreamDataset<std::type_identity_t<T>>& data,
              const Options<std::type_identity_t<T>>& options, const Callbacks& callbacks) {
  require_options(options, data.kind);
  require_early_stopping(options, data.measured_by, "data.measured_by");
  require_stream(data, options);
  const auto task = task_of<T>(
      data.kind, {.function = "train", .ignore_index = options.ignore_index, .dataset = "data.measured_by"});
  if (!data.measured_by.validation.empty()) {
    require_measured_by(data, *task);
    return Training<T>(model, *task, data.measured_by, options, callbacks, &data).run();
  }
  const LoadedRows<T> first = first_rows(data, options.checkpoint_directory.empty() ? 0 : options.batch_size);
  return Training<T>(model, *task, dataset_of(first), options, callbacks, &data).run();
}

template History train<float>(nn::Module<float>&, const StreamDataset<float>&, const Options<float>&,
                              const Callbacks&);
template History train<double>(nn::Module<double>&, const StreamDataset<double>&, const Options<double>&,
                               const Callbacks&);
template History train<float>(nn::Module<float>&, const Dataset<float>&, const Options<float>&,
                              const Callbacks&);
template History train<double>(nn::Module<double>&, const Dataset<double>&, const Options<double>&,
                               const Callbacks&);

}  // namespace xtape::training
#pragma GCC visibility pop
