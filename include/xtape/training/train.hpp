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

#include "xtape/arrays/array_view.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/data/row_stream.hpp"
#include "xtape/data/rows.hpp"
#include "xtape/distributed/communicator.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/optim/early_stopping.hpp"
#include "xtape/optim/optimizer.hpp"
#include "xtape/optim/schedule.hpp"
#include "xtape/optim/weight_average.hpp"
#include "xtape/random/random.hpp"
#include "xtape/training/history.hpp"
#include "xtape/training/targets.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

/// What a model learns from: arrays of any element type, which are converted batch by batch, or stores that
/// are data::RowSources. What has a name is read where it is, in every epoch anew; temporaries are kept.
///
///     training::Dataset<float> pictures{.features = data::Rows<float>(bytes).scaled(1.0 / 255),
///                                       .targets = digits,
///                                       .train = split.train,
///                                       .validation = split.test};
///     training::Dataset<float> houses{.features = measurements, .targets = training::numbers(prices), ...};
template <class T>
struct Dataset {
  data::Rows<T> features;                    ///< (rows, ...)
  Targets<T> targets;                        ///< (rows) class indices, or what Targets says
  std::vector<std::size_t> train = {};       ///< the rows to learn from
  std::vector<std::size_t> validation = {};  ///< the rows to measure by, as Split::test; may be none
  data::Rows<double> weights = {};           ///< (rows): of each row's loss, not negative; none: all are 1
};

/// What a model learns from where rows come one after the other, as data::RowStream gives them: so many that
/// they are not kept.
///
///     data::CsvStream<float> clicks(data::CsvRows("clicks.csv"), "clicked");
///     training::StreamDataset<float> data{.stream = clicks, .kind = training::TargetKind::binary};
template <class T>
struct StreamDataset {
  data::RowStream<T>& stream;                   ///< rewound and read to its end in every epoch
  TargetKind kind = TargetKind::class_indices;  ///< of its targets

  /// In memory there are so many rows, and those of two batches. Each row of a batch is drawn uniformly from
  /// the window, and the next one of the stream takes its place: a row comes no earlier than window - 1 rows
  /// before its turn. With 1 the order is that of the stream; where the window holds all of it, each order
  /// is equally likely. A stream that is sorted, by class or by day, wants a window that is large.
  std::size_t window = 4096;
  Dataset<T> measured_by =
      {};  ///< its `validation` are the rows to measure by, with targets of the same kind
};

/// A scalar, which depends on outputs and targets alone: any loss of the library with its options, or what is
/// made of one. The outputs are what the model gives; for binary targets, and for one number a row, of shape
/// (rows), also where the model gives (rows, 1). The targets convert to the labels that losses take; where
/// the dataset has weights, the loss must take targets.weights().
///
///     training::Loss<float> loss = [](auto logits, const auto& labels) {
///       return losses::softmax_cross_entropy(logits, labels, {.sample_weights = labels.weights()});
///     };
///
/// The loss of an epoch is put together of its batches by what the library's loss divided by (see
/// LossDivisor): a mean is one over all of them, however they are cut, a sum is their sum; a loss that is
/// none of the library's counts as a mean over rows. A batch of whose rows none counts, since ignore_index or
/// a weight of 0 leaves out all, is passed over; with EmptyMean::error the loss throws.
template <class T>
using Loss = std::function<Variable<T>(Variable<T> outputs, const BatchTargets<T>& targets)>;

/// Changes the features of a batch, or of a shard of one, (rows, ...) as they are, before the model learns
/// from them, as data::random_shift does. It draws from `random` alone, which depends on Options::random,
/// batch and shard: the same training makes the same changes, also where it was killed and resumed. Called by
/// one thread at a time, which is not always the one that called train().
template <class T>
using Augment = std::function<void(ArrayView<T> features, Random& random)>;

/// When a schedule takes a step.
enum class Every { batch, epoch };

/// How to train; optimizer and random must be given.
template <class T>
struct Options {
  optim::Optimizer<T>& optimizer;  ///< of the model's parameters; of others too, such as of the loss, where
                                   ///< no checkpoints, early stopping or average would have to keep them

  /// Shuffles the rows. The Dropout layers of the model should refer to it too: it is the one state of random
  /// numbers that a checkpoint keeps.
  Random& random;

  std::size_t epochs = 10;      ///< in all, those before a resumption among them
  std::size_t batch_size = 32;  ///< rows of one step

  /// Cuts each batch into so many parts, which threads compute at once, each on a tape of its own; the
  /// gradients are added in a fixed order. The number decides the last bits of the weights, the number of
  /// threads does not. Of several shards, Dropout draws each from random numbers of its own, BatchNorm
  /// normalizes each by its own statistics. A loss is then called by several threads at once, and must not
  /// depend on more than the rows it gets; layers of one's own that change a state in training must look at
  /// Tape::shard(). At most the rows of a batch. It pays where a step takes some 100 µs or more.
  std::size_t shards = 1;
  /// Trains on several processes, its ranks, on one machine or many; null: on this one alone. Every rank
  /// calls train() with the same model, data and options; each batch is dealt out to the ranks, each gets the
  /// same gradients and takes the same step. Ranks that differ are refused by name, before a step is taken;
  /// not seen is whether loss, augmentation or the curve of a schedule are the same. Rank 0 writes log,
  /// progress and checkpoints, which all must see, as on a shared file system; what it has measured decides
  /// for all, and so does what its on_epoch returns. An exception must end all ranks, as distributed::run
  /// sees to. It must outlive the training.
  ///
  /// With a fixed number of shards, of which each rank gets as many as the others, weights are the same, bit
  /// for bit, on any number of ranks, but for other kinds of processors. With shards = 1 each rank is one
  /// shard, and its engine adds the gradients: weights are then the same for a number of ranks.
  distributed::Communicator* communicator = nullptr;

  bool drop_last = false;        ///< leave out the last batch of an epoch where it is smaller, as
                                 ///< BatchNorm needs it that refuses a batch of one row
  bool balance_classes = false;  ///< data::BalancedBatches: every class equally frequent; of class indices
                                 ///< and binary targets
  std::size_t validation_rows_at_a_time = 256;  ///< of the model, more take more memory; the loss takes the
                                                ///< outputs of all validation rows in one call

  /// If empty, what the targets ask for: softmax_cross_entropy of class indices and soft labels,
  /// sigmoid_cross_entropy of binary and multi-label ones, squared_error of numbers; of several labels or
  /// numbers a row their mean, and with the weights of the dataset.
  Loss<T> loss = {};
  /// Of the loss that is taken if `loss` is empty: weighs classes, or yes and no, so that all that occur in
  /// data.train count as much as each other (losses::balanced_class_weights, losses::balanced_pos_weight).
  bool balance_loss = false;
  Augment<T> augment = {};  ///< of the rows to learn from, never of those to measure by

  /// The first batches of the first epoch whose losses examine what they are given, as Tape::check_logits
  /// says: a softmax too many or labels of another kind are errors then, not a training that learns badly.
  std::size_t checked_batches = 10;

  /// The class index of rows that do not count: in the accuracies, in balanced classes, and in the loss if
  /// that is left empty. A loss that is given has an option of its own.
  std::optional<std::int64_t> ignore_index = {};

  /// Of this optimizer. It takes a step every batch, with its loss, or every epoch, with the validation loss,
  /// or the training loss where nothing is validated.
  optim::Schedule* schedule = nullptr;
  Every schedule_every = Every::epoch;  ///< when it takes a step

  std::optional<double> max_gradient_norm = {};  ///< optim::clip_gradient_norm before each step; above 0

  /// Ends the training when the validation loss (mode max: the accuracy, of numbers R^2) no longer gets
  /// better. Whatever ends it, the model then holds the weights and buffers of the best epoch.
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
  std::size_t count = 0;  ///< of the batches in an epoch; of a stream, which may change, in the epoch before,
                          ///< and 0 where this process has seen none
  double loss = 0;        ///< before the step
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

/// Trains a model that makes of features (rows, ...) what the targets ask for: logits (rows, classes) for
/// class indices and soft labels, logits (rows, labels) for multi-label targets, logits (rows) or (rows, 1)
/// for binary ones, and numbers of the shape of the targets, where (rows, 1) serves for (rows).
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
///         model, {.features = features, .targets = labels, .train = split.train, .validation = split.test},
///         {.optimizer = optimizer,
///          .random = random,
///          .epochs = 50,
///          .loss = [](auto logits, const auto& labels) {
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
/// class of the logits: not those, for example, that a loss with ignore_index leaves out; weights do not
/// count in them. From the second epoch on a step takes no heap memory. Where features come from a store, or
/// are augmented, a thread prepares the next batch while the step runs; what is computed is the same.
///
/// A training with a checkpoint directory begins with the newest checkpoint that is there. It may be killed
/// at any moment: started again with the same data and options, it ends with the same weights, bit for bit,
/// and the same log, except for the seconds, as if it had never been interrupted. Learning rates are those of
/// the checkpoint; but a CurveSchedule gives those of its curve as it is now, at the step where it stood,
/// unless they were set by other means since its last step. It is refused with other rows or targets, another
/// loss or model, or another of the options, unless resume_with_changes says that this is meant. These may
/// change: epochs (more lengthen the training), the curve of a schedule, validation_rows_at_a_time,
/// checked_batches, the patience of early stopping, checkpoint_every, keep_checkpoints, log, progress and
/// callbacks.
///
/// Before each step the gradients are looked at, after each epoch the weights and the validation loss: what
/// is not finite ends the training, before the step is taken and before a checkpoint is written.
///
/// @throws ShapeError      features, targets, weights or outputs do not fit together, or the loss is no
///                         scalar.
/// @throws LabelError      a multi-label or binary target is neither 0 nor 1.
/// @throws ArgumentError   there are no rows to train on or one is not in the dataset, an option is out of
///                         range or makes no sense for the targets, early stopping has nothing to validate
///                         on, a loss passes over the weights, or none of the training or of the validation
///                         rows counts for the loss.
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

/// The same with rows from a stream, which a thread reads while the step before runs.
///
///     const training::History history = training::train(
///         model, {.stream = clicks, .kind = training::TargetKind::binary, .window = 100000},
///         {.optimizer = optimizer, .random = random, .epochs = 3, .checkpoint_directory = "runs/clicks"});
///
/// Options::random decides the order of the rows, so that a training that was killed goes on as it would
/// have, if the stream gives the same rows again. It is refused with another window, or a stream of which one
/// of the first 1024 rows is another. What asks for all targets in advance is not to be had of a stream:
/// balance_classes and balance_loss. Of several ranks each reads all of the stream, and computes its part.
///
/// @throws ShapeError      the shape of targets is none of their kind, or the rows to measure by are of
///                         another shape than those of the stream.
/// @throws LabelError      a target that should be a class index is no whole number; the message names the
///                         row by its place in the stream, from 0 on, as that of NonFiniteError does.
/// @throws ArgumentError   the stream gives no rows, or more than it was asked for, the window is 0, or the
///                         rows to measure by have targets of another kind.
/// What the stream throws, and what the other train() does.
template <class T>
History train(nn::Module<T>& model, const StreamDataset<std::type_identity_t<T>>& data,
              const Options<std::type_identity_t<T>>& options, const Callbacks& callbacks = {});

}  // namespace xtape::training
#pragma GCC visibility pop
