// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/training/train.hpp"

#include <chrono>
#include <cmath>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "arrays/format.hpp"
#include "autograd/check_finite.hpp"
#include "autograd/gradient_origin.hpp"
#include "data/row_numbers.hpp"
#include "training/epoch_log.hpp"
#include "training/measurement.hpp"
#include "training/not_finite.hpp"
#include "training/progress.hpp"
#include "training/tally.hpp"
#include "training/training_checkpoints.hpp"
#include "training/training_state.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/data/balanced_batches.hpp"
#include "xtape/data/batches.hpp"
#include "xtape/optim/clip_gradients.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {
namespace {

using Clock = std::chrono::steady_clock;
using Rows = std::span<const std::size_t>;

template <class T>
void require_dataset(const Dataset<T>& data) {
  const Shape& features = data.features.shape();
  if (features.rank() == 0) fail<ShapeError>("train: data.features must have rows, got a scalar");
  if (data.labels.shape() != Shape{features[0]}) {
    fail<ShapeError>(
        "train: data.labels must have one class index for each of the {} rows of features, got "
        "shape {}",
        features[0], data.labels.shape());
  }
  if (data.train.empty()) fail<ArgumentError>("train: data.train must have rows to learn from, got none");
  data::require_rows("train", "data.train", data.train, features[0], "rows of features");
  data::require_rows("train", "data.validation", data.validation, features[0], "rows of features");
}

void require_above_0(const char* option, std::size_t value) {
  if (value == 0) fail<ArgumentError>("train: options.{} must be at least 1, got 0", option);
}

template <class T>
void require_options(const Options<T>& options, const Dataset<T>& data) {
  require_above_0("batch_size", options.batch_size);
  require_above_0("validation_rows_at_a_time", options.validation_rows_at_a_time);
  require_above_0("checkpoint_every", options.checkpoint_every);
  require_above_0("keep_checkpoints", options.keep_checkpoints);
  if (options.max_gradient_norm && !(*options.max_gradient_norm > 0)) {
    fail<ArgumentError>("train: options.max_gradient_norm must be above 0, got {}",
                        *options.max_gradient_norm);
  }
  if (options.early_stopping && data.validation.empty()) {
    fail<ArgumentError>(
        "train: options.early_stopping must have rows in data.validation to measure by, got none");
  }
}

template <class T>
class Training {
 public:
  Training(nn::Module<T>& model, const Dataset<T>& data, const Options<T>& options,
           const Callbacks& callbacks)
      : state_(model, options),
        model_(model),
        data_(data),
        options_(options),
        callbacks_(callbacks),
        classifier_(model, data, options),
        measure_(classifier_, data, options),
        progress_(options.progress, options.epochs) {
    if (options.balance_classes) {
      balanced_.emplace(data.train, data.labels, options.batch_size,
                        data::BalancedBatchesOptions{.ignore_index = options.ignore_index});
    }
    const std::size_t rows = balanced_ ? (*balanced_)[0].size() : data.train.size();
    if (options.drop_last && rows < options.batch_size) {
      fail<ArgumentError>(
          "train: options.batch_size must be at most the {} rows of an epoch, of which drop_last "
          "would leave none, got {}",
          rows, options.batch_size);
    }
    if (!options.checkpoint_directory.empty()) checkpoints_.emplace(state_, data, options);
    tape_.keep_gradients(false);
  }

  History run() {
    resume();
    if (!options_.log.empty()) log_.emplace(options_.log, state_.history);
    started_ = Clock::now();
    options_.optimizer.zero_grad();
    bool goes_on = true;
    while (goes_on && state_.history.epochs.size() < options_.epochs && !has_converged()) {
      goes_on = run_epoch();
    }
    state_.history.stopped_early = state_.history.epochs.size() < options_.epochs;
    keep_best_weights();
    return std::move(state_.history);
  }

 private:
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

    const bool goes_on = !callbacks_.on_epoch || callbacks_.on_epoch(state_.history);
    const bool is_last = !goes_on || has_converged() || epoch.number == options_.epochs;
    if (checkpoints_ && (is_last || epoch.number % options_.checkpoint_every == 0)) {
      checkpoints_->save(epoch.number);
    }
    if (log_) log_->append(epoch);
    progress_.on_epoch(epoch);
    return goes_on;
  }

  Tally take_steps(Epoch& epoch) {
    model_.train();
    if (balanced_) {
      balanced_->shuffle(options_.random);
      return take_steps(epoch, *balanced_);
    }
    // Drawn from the rows as they were given, so that the order is one of the random state alone.
    data::Batches batches(data_.train, options_.batch_size);
    batches.shuffle(options_.random);
    return take_steps(epoch, batches);
  }

  template <class Batches>
  Tally take_steps(Epoch& epoch, const Batches& batches) {
    Tally tally;
    Batch batch{.epoch = epoch.number, .count = batches.size()};
    if (options_.drop_last && batches[batch.count - 1].size() < options_.batch_size) --batch.count;
    while (batch.number < batch.count) {
      const Rows rows = batches[batch.number++];
      if (!take_step(batch, rows, tally)) {
        ++epoch.skipped_batches;
        continue;
      }
      progress_.on_batch(batch, tally);
      if (callbacks_.on_batch) callbacks_.on_batch(batch);
    }
    if (epoch.skipped_batches == batch.count) {
      fail<ArgumentError>(
          "train: a row of data.train must count for the loss, got none in the {} batches of epoch {}: its "
          "options leave out every label",
          batch.count, epoch.number);
    }
    return tally;
  }

  // Whether a row counted for the loss. If none does, nothing changes.
  bool take_step(Batch& batch, Rows rows, Tally& tally) {
    const auto frame = tape_.frame();
    tape_.check_logits(batch.epoch == 1 && batch.number <= options_.checked_batches);
    const auto labels = classifier_.labels(tape_, rows);
    const Variable<T> logits = classifier_.logits(tape_, rows), loss = classifier_.loss(logits, labels);
    const std::optional<LossDivisor> divisor = tape_.loss_divisor();
    if (divisor && divisor->value == 0) return false;
    batch.loss = static_cast<double>(loss.item());
    if (!std::isfinite(batch.loss)) throw_not_finite(batch, rows);
    loss.backward();
    check_gradients(batch, loss);
    options_.optimizer.step();
    options_.optimizer.zero_grad();
    if (state_.weight_average) state_.weight_average->update();
    if (options_.schedule != nullptr && options_.schedule_every == Every::batch) {
      options_.schedule->step(batch.loss);
    }
    tally.add(batch.loss, divisor, logits.values(), labels, options_.ignore_index);
    return true;
  }

  // And makes them smaller, if options say so.
  void check_gradients(const Batch& batch, Variable<T> loss) {
    const auto& parameters = options_.optimizer.parameters();
    try {
      if (options_.max_gradient_norm) {
        optim::clip_gradient_norm(parameters, *options_.max_gradient_norm);
      } else {
        optim::require_finite_gradients(parameters);
      }
    } catch (const NonFiniteError& error) {
      throw_gradient_not_finite(batch, loss, error.what());
    }
  }

  [[noreturn]] void throw_gradient_not_finite(const Batch& batch, Variable<T> loss,
                                              const std::string& which) {
    options_.optimizer.zero_grad();
    tape_.keep_gradients();
    loss.backward();
    const char* const origin = detail::origin_of_not_finite_gradient(loss);
    options_.optimizer.zero_grad();
    tape_.keep_gradients(false);
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
    return fmt::format("in epoch {}, batch {} of {}, at learning rate {}", batch.epoch, batch.number,
                       batch.count, options_.optimizer.learning_rate());
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

  [[noreturn]] void throw_not_finite(const Batch& batch, Rows rows) const {
    const std::string text =
        fmt::format("the loss must be finite, got {} {}", detail::in_words(batch.loss), place_of(batch));
    require_finite_features(data_, rows, text);
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
    if (data_.validation.empty()) return;
    if (std::isnan(measured.loss)) measure_.throw_nan(measured, epoch.number);
    epoch.validation_loss = measured.loss;
    epoch.validation_accuracy = measured.accuracy;
    if (!state_.early_stopping) return;
    const bool by_accuracy = options_.early_stopping->mode == optim::Mode::max;
    state_.early_stopping->step(by_accuracy ? measured.accuracy : measured.loss);
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
  Classifier<T> classifier_;
  Measurement<T> measure_;
  std::optional<data::BalancedBatches> balanced_;
  std::optional<TrainingCheckpoints<T>> checkpoints_;
  std::optional<EpochLog> log_;
  Progress progress_;
  Tape<T> tape_;
  double seconds_before_ = 0;
  Clock::time_point started_;
};

}  // namespace

template <class T>
History train(nn::Module<T>& model, const Dataset<std::type_identity_t<T>>& data,
              const Options<std::type_identity_t<T>>& options, const Callbacks& callbacks) {
  require_dataset(data);
  require_options(options, data);
  return Training<T>(model, data, options, callbacks).run();
}

template History train<float>(nn::Module<float>&, const Dataset<float>&, const Options<float>&,
                              const Callbacks&);
template History train<double>(nn::Module<double>&, const Dataset<double>&, const Options<double>&,
                               const Callbacks&);

}  // namespace xtape::training
#pragma GCC visibility pop
