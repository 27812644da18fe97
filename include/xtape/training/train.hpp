// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/array_view.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/optim/early_stopping.hpp"
#include "xtape/optim/optimizer.hpp"
#include "xtape/optim/schedule.hpp"
#include "xtape/optim/weight_average.hpp"
#include "xtape/random/random.hpp"
#include "xtape/training/history.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

/// What a classifier learns from. Features and labels that have a name are read where they are, in every
/// epoch anew; temporaries are kept.
template <class T>
struct Dataset {
  ArrayInput<T> features;                    ///< (rows, ...)
  ArrayInput<std::int64_t> labels;           ///< (rows): class indices
  std::vector<std::size_t> train = {};       ///< the rows to learn from
  std::vector<std::size_t> validation = {};  ///< the rows to measure by, as Split::test; may be none
};

/// A scalar, which depends on logits and labels alone: any loss of the library with its options, or what is
/// made of one. The loss of an epoch is put together of its batches by what the library's loss divided by
/// (see LossDivisor): a mean is one over all of them, however they are cut, a sum is their sum; a loss that
/// is none of the library's counts as a mean over rows. A batch of whose rows none counts, since ignore_index
/// or a weight of 0 leaves out all, is passed over; with EmptyMean::error the loss throws.
template <class T>
using Loss = std::function<Variable<T>(Variable<T> logits, ArrayView<const std::int64_t> labels)>;

/// When a schedule takes a step.
enum class Every { batch, epoch };

/// How to train; optimizer and random must be given.
template <class T>
struct Options {
  optim::Optimizer<T>& optimizer;  ///< of the model's parameters

  /// Shuffles the rows. The Dropout layers of the model should refer to it too: it is the one state of random
  /// numbers that a checkpoint keeps.
  Random& random;

  std::size_t epochs = 10;       ///< in all, those before a resumption among them
  std::size_t batch_size = 32;   ///< rows of one step
  bool drop_last = false;        ///< leave out the last batch of an epoch where it is smaller, as
                                 ///< BatchNorm needs it that refuses a batch of one row
  bool balance_classes = false;  ///< data::BalancedBatches: every class equally frequent
  std::size_t validation_rows_at_a_time = 256;  ///< of the model, more take more memory; the loss takes the
                                                ///< logits of all validation rows in one call
  Loss<T> loss = {};                            ///< losses::softmax_cross_entropy if empty

  /// The first batches of the first epoch whose losses examine what they are given, as Tape::check_logits
  /// says: a softmax too many or labels of another kind are errors then, not a training that learns badly.
  std::size_t checked_batches = 10;

  /// The label of rows that do not count: in the accuracies, in balanced classes, and in the loss if that is
  /// left empty. A loss that is given has an option of its own.
  std::optional<std::int64_t> ignore_index = {};

  /// Of this optimizer. It takes a step every batch, with its loss, or every epoch, with the validation loss,
  /// or the training loss where nothing is validated.
  optim::Schedule* schedule = nullptr;
  Every schedule_every = Every::epoch;  ///< when it takes a step

  std::optional<double> max_gradient_norm = {};  ///< optim::clip_gradient_norm before each step; above 0

  /// Ends the training when the validation loss (mode max: the accuracy) no longer gets better. Whatever ends
  /// it, the model then holds the weights and buffers of the best epoch.
  std::optional<optim::EarlyStoppingOptions> early_stopping = {};

  /// Averages the weights, by one update a step. Validation is by the averages, and the model holds them when
  /// the training has ended. Buffers, such as the running statistics of BatchNorm, are not averaged.
  std::optional<optim::WeightAverageOptions> weight_average = {};

  std::string checkpoint_directory = {};  ///< of this training alone; no checkpoints if empty
  std::size_t checkpoint_every = 1;       ///< epochs; there is one of the last epoch in any case
  std::size_t keep_checkpoints = 3;       ///< the newest; at least 1

  /// Goes on from a checkpoint though data, loss or options are others than those it was made with. Learning
  /// rates that are given anew then hold, unless a schedule sets them.
  bool resume_with_changes = false;

  std::string log = {};  ///< the path of a CSV file with a line an epoch; none if empty
  /// A line an epoch, and on a terminal a bar that moves; null: quiet. What the stream does not take is lost.
  std::FILE* progress = nullptr;
};

/// A step that has just been done.
struct Batch {
  std::size_t epoch = 0;   ///< from 1 on
  std::size_t number = 0;  ///< in its epoch, from 1 on
  std::size_t count = 0;   ///< of the batches in an epoch
  double loss = 0;         ///< before the step
};

/// Either may be empty.
struct Callbacks {
  /// Called after each step, and not for a batch that is passed over.
  std::function<void(const Batch&)> on_batch = {};

  /// Called before the checkpoint of the epoch is written, so that no kill makes it miss one; the model is in
  /// evaluation mode. The training ends if it returns false; started again, it goes on.
  /// @param so_far  its last epoch is the one that has just ended.
  std::function<bool(const History& so_far)> on_epoch = {};
};

/// Trains a classifier, a model that makes logits (rows, classes) of features (rows, ...).
///
///     Random random(1);
///     nn::Sequential<float> model;
///     model.add<nn::Linear>(64, 128, random).add<nn::Relu>().add<nn::Dropout>(0.2, random);
///     model.add<nn::Linear>(128, 10, random);
///     optim::AdamW<float> optimizer(model.parameters());
///     optim::CurveSchedule schedule(optimizer, optim::cosine_decay({.steps = 50}));
///     const data::Split split = data::stratified_train_test_split(labels, 0.2, random);
///
///     const training::History history = training::train(
///         model, {.features = features, .labels = labels, .train = split.train, .validation = split.test},
///         {.optimizer = optimizer,
///          .random = random,
///          .epochs = 50,
///          .loss = [](auto logits, auto labels) {
///            return losses::softmax_cross_entropy(logits, labels, {.label_smoothing = 0.1});
///          },
///          .schedule = &schedule,
///          .early_stopping = optim::EarlyStoppingOptions{.patience = 5},
///          .checkpoint_directory = "runs/digits",
///          .log = "runs/digits.csv",
///          .progress = stdout});
///
/// Each epoch shuffles the rows, takes a step for every batch, and measures by the validation rows, without
/// gradients and in evaluation mode, in which the model is left. Accuracies count the rows whose label is a
/// class of the logits: not those, for example, that a loss with ignore_index leaves out. From the second
/// epoch on a step takes no heap memory.
///
/// A training with a checkpoint directory begins with the newest checkpoint that is there. It may be killed
/// at any moment: started again with the same data and options, it ends with the same weights, bit for bit,
/// and the same log, except for the seconds, as if it had never been interrupted. Learning rates are those of
/// the checkpoint; but a CurveSchedule gives those of its curve as it is now, at the step where it stood,
/// unless they were set by other means since its last step. It is refused with other rows or labels, another
/// loss or model, or another of the options, unless resume_with_changes says that this is meant. These may
/// change: epochs (more lengthen the training), the curve of a schedule, validation_rows_at_a_time,
/// checked_batches, the patience of early stopping, checkpoint_every, keep_checkpoints, log, progress and
/// callbacks.
///
/// Before each step the gradients are looked at, after each epoch the weights and the validation loss: what
/// is not finite ends the training, before the step is taken and before a checkpoint is written.
///
/// @throws ShapeError      features, labels or logits do not fit together, or the loss is no scalar.
/// @throws ArgumentError   there are no rows to train on or one is not in the dataset, an option is out of
///                         range, early stopping has nothing to validate on, or none of the training or of
///                         the validation rows counts for the loss.
/// @throws FileError       checkpoints or log cannot be read or written, or the newest checkpoint is of a
///                         training with another model, other rows or other options; the message names what
///                         differs, with both values.
/// @throws NonFiniteError  a loss, a gradient or a weight became infinite or NaN, or the validation loss NaN;
///                         the message says where, and what to try. Checkpoints are as the epoch before left
///                         them.
/// @throws std::bad_alloc  memory ran out. Model, optimizer and random are left in the middle of training;
///                         checkpoints are whole, and a training that is started again goes on from them.
/// Data, options and checkpoints are examined before anything changes.
template <class T>
History train(nn::Module<T>& model, const Dataset<std::type_identity_t<T>>& data,
              const Options<std::type_identity_t<T>>& options, const Callbacks& callbacks = {});

}  // namespace xtape::training
#pragma GCC visibility pop
