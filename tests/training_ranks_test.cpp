// SPDX-License-Identifier: BSD-3-Clause
#include <functional>
#include <string>
#include <vector>

#include "matchers.hpp"
#include "named_arrays_equal.hpp"
#include "temporary_directory.hpp"
#include "threads_as_ranks.hpp"
#include "training_problem.hpp"
#include "xtape/distributed/single_process.hpp"
#include "xtape/training/train.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

/// A training of each rank, with BatchNorm and Dropout: each has its own copy of all.
template <class T>
struct OnRanks {
  std::size_t shards = 4;
  std::size_t epochs = 3;
  std::string checkpoints = "";
  std::string log = "";
  std::function<void(training::Options<T>&, std::size_t rank)> change = {};

  /// The state of the model on each rank.
  std::vector<NamedArrays> states(std::size_t ranks) const {
    std::vector<NamedArrays> states(ranks);
    ThreadsAsRanks(ranks).run([&](distributed::Communicator& communicator) {
      const Clouds<T> clouds(160);
      WholeTraining<T> training(3);
      auto options = training.options(epochs);
      options.shards = shards;
      options.communicator = &communicator;
      options.checkpoint_directory = checkpoints;
      options.log = log;
      if (change) change(options, communicator.rank());
      training::train(training.model, clouds.data, options);
      states[communicator.rank()] = training.model.state();
    });
    return states;
  }
};

template <class T>
NamedArrays alone(std::size_t shards) {
  const Clouds<T> clouds(160);
  WholeTraining<T> training(3);
  auto options = training.options(3);
  options.shards = shards;
  training::train(training.model, clouds.data, options);
  return training.model.state();
}

}  // namespace

TEMPLATE_TEST_CASE("with fixed shards one, two and four ranks give the same weights, bit for bit",
                   "[training][distributed][threads]", float, double) {
  const NamedArrays by_one = alone<TestType>(4);
  for (const std::size_t ranks : {1U, 2U, 4U}) {
    for (const NamedArrays& state : OnRanks<TestType>{}.states(ranks)) CHECK(are_same_bits(state, by_one));
  }
}

TEST_CASE("augmented rows are the same on any number of ranks", "[training][distributed][threads]") {
  OnRanks<float> on_ranks;
  on_ranks.change = [](auto& options, std::size_t) {
    options.augment = [](ArrayView<float> features, Random& random) {
      for (float& x : features) x += static_cast<float>(random.uniform(-0.1, 0.1));
    };
  };
  const std::vector<NamedArrays> by_one = on_ranks.states(1);
  for (const std::size_t ranks : {2U, 4U}) CHECK(are_same_bits(on_ranks.states(ranks)[1], by_one[0]));
  CHECK_FALSE(are_same_bits(by_one[0], alone<float>(4)));
}

TEST_CASE("without fixed shards all ranks have the same weights, the same each time",
          "[training][distributed][threads]") {
  for (const std::size_t ranks : {2U, 3U}) {
    const auto once = OnRanks<float>{.shards = 1}.states(ranks),
               again = OnRanks<float>{.shards = 1}.states(ranks);
    for (const NamedArrays& state : once) CHECK(are_same_bits(state, again[0]));
  }
}

TEST_CASE("one process with a communicator trains as without", "[training][distributed][threads]") {
  distributed::SingleProcess process;
  const Clouds<float> clouds(160);
  WholeTraining<float> training(3);
  auto options = training.options(3);
  options.communicator = &process;
  training::train(training.model, clouds.data, options);
  CHECK(are_same_bits(training.model.state(), alone<float>(1)));
}

TEST_CASE("a training goes on from its checkpoint on another number of ranks",
          "[training][distributed][threads]") {
  const NamedArrays undisturbed = alone<float>(4);
  const TemporaryDirectory directory;
  OnRanks<float>{.epochs = 1, .checkpoints = directory.path() + "/a"}.states(4);
  OnRanks<float>{.epochs = 2, .checkpoints = directory.path() + "/a"}.states(1);
  CHECK(are_same_bits(OnRanks<float>{.checkpoints = directory.path() + "/a"}.states(2)[1], undisturbed));
}

TEST_CASE("rank 0 alone writes the log", "[training][distributed][threads]") {
  const TemporaryDirectory directory;
  OnRanks<float>{.log = directory.path() + "/log.csv"}.states(4);
  CHECK(data::read_csv(directory.path() + "/log.csv").rows() == 3);
}

TEST_CASE("what on_epoch of rank 0 returns ends the training of all", "[training][distributed][threads]") {
  std::vector<std::size_t> epochs(2);
  ThreadsAsRanks(2).run([&](distributed::Communicator& communicator) {
    const Clouds<float> clouds(160);
    WholeTraining<float> training(3);
    auto options = training.options(5);
    options.communicator = &communicator;
    const std::size_t rank = communicator.rank();
    const auto history = training::train(training.model, clouds.data, options,
                                         {.on_epoch = [rank](const training::History& so_far) {
                                           return rank == 1 || so_far.epochs.size() < 2;
                                         }});
    epochs[rank] = history.epochs.size();
  });
  CHECK(epochs == std::vector<std::size_t>{2, 2});
}

TEST_CASE("ranks that differ are refused by name", "[training][distributed][errors]") {
  const auto refused = [](auto change) {
    OnRanks<float> on_ranks;
    on_ranks.change = change;
    return on_ranks;
  };
  CHECK_THROWS_WITH(
      refused([](auto& options, std::size_t rank) { options.batch_size = rank == 1 ? 20 : 16; }).states(2),
      "train: all ranks must have the same model, data, options and version, got others on rank 1:\n"
      "  options.batch_size: 16 on rank 0, 20 on rank 1");
  CHECK_THROWS_WITH(
      refused([](auto& options, std::size_t rank) { options.random = Random(rank); }).states(2),
      Catch::Matchers::StartsWith(
          "train: all ranks must have the same model, data, options and version, got others on rank 1:\n"
          "  weights and other state: CRC-32 "));
  CHECK_THROWS_WITH(refused([](auto& options, std::size_t) { options.shards = 5; }).states(2),
                    "train: options.shards must be a multiple of the 2 ranks, got 5");
  CHECK_THROWS_WITH(refused([](auto& options, std::size_t) { options.shards = 32; }).states(2),
                    "train: options.shards must be at most the 16 rows of a batch, got 32");
}

TEST_CASE("ranks that would stop or keep checkpoints by other rules are refused",
          "[training][distributed][errors]") {
  OnRanks<float> on_ranks;
  on_ranks.change = [](auto& options, std::size_t rank) { options.early_stopping->patience = 2 + rank; };
  CHECK_THROWS_WITH(on_ranks.states(2),
                    ContainsSubstring("options.early_stopping, patience: 2 on rank 0, 3 on rank 1"));
  const TemporaryDirectory directory;
  on_ranks.change = [&](auto& options, std::size_t rank) {
    if (rank == 0) options.checkpoint_directory = directory.path() + "/a";
  };
  CHECK_THROWS_WITH(on_ranks.states(2),
                    ContainsSubstring("options.checkpoint_directory: given on rank 0, none on rank 1"));
}

TEST_CASE("a rank without a row of the last batch trains on", "[training][distributed]") {
  // Batches of 16 and of 1 row, which is of the last shard.
  const auto on_ranks = [](std::size_t ranks) {
    std::vector<double> weights(ranks);
    ThreadsAsRanks(ranks).run([&](distributed::Communicator& communicator) {
      const Clouds<double> clouds(40);
      training::Dataset<double> data = clouds.data;
      data.weights = std::vector<double>(40, 1);
      data.train.resize(17);
      Random random(1);
      nn::Linear<double> model(2, 3, random);
      optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.1});
      training::train(model, data,
                      {.optimizer = optimizer,
                       .random = random,
                       .epochs = 2,
                       .batch_size = 16,
                       .shards = 2,
                       .communicator = &communicator,
                       .loss = [](auto x, auto y) {
                         return losses::softmax_cross_entropy(x, y, {.sample_weights = y.weights()});
                       }});
      weights[communicator.rank()] = model.weight.values()[0];
    });
    return weights;
  };
  const auto one = on_ranks(1), two = on_ranks(2);
  CHECK(one[0] == two[0]);
  CHECK(one[0] == two[1]);
}

TEST_CASE("ranks that see other checkpoints are refused", "[training][distributed][errors]") {
  const TemporaryDirectory directory;
  OnRanks<float>{.epochs = 1, .checkpoints = directory.path() + "/rank0"}.states(2);
  OnRanks<float> on_ranks;
  on_ranks.change = [&](auto& options, std::size_t rank) {
    options.checkpoint_directory = directory.path() + (rank == 0 ? "/rank0" : "/rank1");
  };
  CHECK_THROWS_WITH(on_ranks.states(2),
                    ContainsSubstring("epoch of the newest checkpoint in options.checkpoint_directory, which "
                                      "all must see: 1 on rank 0, 0 on rank 1"));
}
