// SPDX-License-Identifier: BSD-3-Clause
// Trainings of embeddings, whose gradients are sparse.
#include "matchers.hpp"
#include "same_bits.hpp"
#include "temporary_directory.hpp"
#include "threads_as_ranks.hpp"
#include "xtape/training/train.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace sparse_training_test {
namespace {

constexpr std::size_t words = 100, length = 3, classes = 3;

/// Rows of three words each, of which the first tells the class. Some words are never there.
struct Sentences {
  Array<float> features{Shape{120, length}};
  Array<std::int64_t> labels{Shape{120}};
  training::Dataset<float> data;

  Sentences() {
    Random random(3);
    for (std::size_t row = 0; row < 120; ++row) {
      for (std::size_t i = 0; i < length; ++i)
        features[row * length + i] = static_cast<float>(random.below(words - 20));
      labels[row] = static_cast<std::int64_t>(features[row * length]) % 3;
      (row % 4 == 3 ? data.validation : data.train).push_back(row);
    }
    data.features = features;
    data.targets = labels;
  }
};

template <class Optimizer>
struct Run {
  Random random{1};
  nn::Sequential<float> model;
  Optimizer optimizer;

  explicit Run(bool sparse = true) : optimizer(build(sparse).parameters(), {.learning_rate = 0.05}) {}

  nn::Module<float>& build(bool sparse) {
    model.add<nn::Embedding>(words, 4, random, nn::EmbeddingOptions<float>{.sparse = sparse});
    return model.add<nn::Flatten>().template add<nn::Linear>(length * 4, classes, random);
  }

  NamedArrays train(std::size_t shards, std::size_t epochs = 3, const std::string& checkpoints = "",
                    distributed::Communicator* communicator = nullptr) {
    const Sentences sentences;
    training::train(model, sentences.data,
                    {.optimizer = optimizer,
                     .random = random,
                     .epochs = epochs,
                     .batch_size = 16,
                     .shards = shards,
                     .communicator = communicator,
                     .max_gradient_norm = 0.5,
                     .checkpoint_directory = checkpoints});
    NamedArrays state = model.state();
    state.add("optimizer.", optimizer.state());
    return state;
  }
};

using WithAdam = Run<optim::Adam<float>>;
using WithSGD = Run<optim::SGD<float>>;

}  // namespace

TEST_CASE("a training leaves rows that are never looked up as they were", "[training][sparse]") {
  WithAdam run;
  const auto before = run.model.state();
  const NamedArrays after = run.train(1);
  const auto &first = before["0.weight"].get<float>(), &last = after["0.weight"].get<float>();
  for (std::size_t i = (words - 20) * 4; i < words * 4; ++i) CHECK(last[i] == first[i]);
  CHECK(last[0] != first[0]);
}

TEST_CASE("shards of a training with a sparse gradient give the same bits on any number of threads",
          "[training][sparse][threads]") {
  const std::size_t threads_before = num_threads();
  set_num_threads(1);
  const NamedArrays expected = WithAdam().train(4);
  for (const std::size_t threads : {2U, 4U}) {
    set_num_threads(threads);
    CHECK(are_same_bits(WithAdam().train(4), expected));
  }
  set_num_threads(threads_before);
}

TEST_CASE("ranks give a sparse gradient the bits that one process gives it",
          "[training][distributed][sparse][threads]") {
  const NamedArrays expected = WithAdam().train(4);
  for (const std::size_t ranks : {1U, 2U, 4U}) {
    std::vector<NamedArrays> states(ranks);
    ThreadsAsRanks(ranks).run([&](distributed::Communicator& communicator) {
      states[communicator.rank()] = WithAdam().train(4, 3, "", &communicator);
    });
    for (const NamedArrays& state : states) CHECK(are_same_bits(state, expected));
  }
}

TEST_CASE("SGD trains an embedding to the same numbers whether its gradient is sparse or not",
          "[training][sparse]") {
  for (const std::size_t shards : {1U, 3U}) {
    const auto sparse = WithSGD().train(shards), dense = WithSGD(false).train(shards);
    const auto &a = sparse["0.weight"].get<float>(), &b = dense["0.weight"].get<float>();
    // The norm that clips is summed in another order.
    CHECK_THAT(values(a), AllClose(values(b), ulps<float>(16), ulps<float>(1)));
  }
}

TEST_CASE("a training with a sparse gradient goes on from its checkpoint, bit for bit",
          "[training][resumption][sparse]") {
  const NamedArrays expected = WithAdam().train(2, 4);
  const TemporaryDirectory directory;
  WithAdam().train(2, 2, directory / "checkpoints");
  CHECK(are_same_bits(WithAdam().train(2, 4, directory / "checkpoints"), expected));
}

TEST_CASE("a checkpoint of sparse gradients is not taken for one of others",
          "[training][resumption][sparse][errors]") {
  const TemporaryDirectory directory;
  WithAdam().train(1, 1, directory / "checkpoints");
  CHECK_THROWS_WITH(WithAdam(false).train(1, 2, directory / "checkpoints"),
                    ContainsSubstring("weight_decay = 0; sparse: 0"));
}

}  // namespace sparse_training_test
