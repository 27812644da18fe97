// SPDX-License-Identifier: BSD-3-Clause
#include <atomic>
#include <functional>
#include <stdexcept>

#include "matchers.hpp"
#include "named_arrays_equal.hpp"
#include "temporary_directory.hpp"
#include "training_problem.hpp"
#include "xtape/training/train.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

struct RestoredThreads {
  std::size_t before = num_threads();
  ~RestoredThreads() { set_num_threads(before); }
};

template <class T>
NamedArrays trained(std::size_t shards, std::size_t threads, std::size_t epochs = 3,
                    const std::string& checkpoints = "") {
  const RestoredThreads restored;
  set_num_threads(threads);
  const Clouds<T> clouds(160);
  WholeTraining<T> training(3);  // with BatchNorm and Dropout
  auto options = training.options(epochs);
  options.shards = shards;
  options.checkpoint_directory = checkpoints;
  training::train(training.model, clouds.data, options);
  return training.model.state();
}

/// A linear model after two epochs of mean losses.
std::vector<double> weights_of(std::size_t shards,
                               const std::function<void(training::Dataset<double>&)>& change = {},
                               const training::Loss<double>& loss = {}) {
  const Clouds<double> clouds(100);
  training::Dataset<double> data = clouds.data;
  if (change) change(data);
  Random random(1);
  nn::Linear<double> model(2, 3, random);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.1});
  training::train(model, data,
                  {.optimizer = optimizer,
                   .random = random,
                   .epochs = 2,
                   .batch_size = 16,
                   .shards = shards,
                   .loss = loss});
  const auto state = model.state();
  const auto& weight = state["weight"].get<double>();
  return {weight.begin(), weight.end()};
}

void check_close(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK_THAT(a[i], WithinAbs(b[i], 1e-12));
}

/// Layers of plain numbers, of which only the batch norm changes in training.
struct Normalized : nn::Module<double> {
  nn::BatchNorm1d<double> norm{1};
  Parameter<double> scale{"scale", Shape{1}};

  Normalized() {
    this->add("norm", norm);
    this->add(scale);
  }
  Variable<double> forward(Variable<double> x) override { return norm(x) * x.tape().watch(scale); }
};

struct BodyAndHead : nn::Module<double> {
  nn::Linear<double> body, head;

  explicit BodyAndHead(Random& random) : body(2, 8, random), head(8, 3, random) {
    this->add("body", body);
    this->add("head", head);
  }
  Variable<double> forward(Variable<double> x) override { return head(relu(body(x))); }
};

}  // namespace

TEMPLATE_TEST_CASE("with the same shards any number of threads gives the same weights, bit for bit",
                   "[training][shards][threads]", float, double) {
  for (const std::size_t shards : {2U, 3U, 4U}) {
    const NamedArrays by_one = trained<TestType>(shards, 1);
    for (const std::size_t threads : {2U, 3U, 8U})
      CHECK(are_same_bits(by_one, trained<TestType>(shards, threads)));
  }
}

TEST_CASE("shards give the gradients of the whole batch, but for rounding", "[training][shards][threads]") {
  const auto whole = weights_of(1);
  // Batches of 16 rows and one of 11: shards of unequal size, and some without a row.
  for (const std::size_t shards : {2U, 3U, 7U, 16U}) check_close(weights_of(shards), whole);
}

TEST_CASE("shards of weighted, ignored and summed losses give those of the whole batch",
          "[training][shards][threads]") {
  std::vector<double> weights(100);
  for (std::size_t row = 0; row < 100; ++row)
    weights[row] = row % 4 == 0 ? 0 : 1 + static_cast<double>(row % 3);
  const auto weigh = [&](training::Dataset<double>& data) { data.weights = weights; };
  check_close(weights_of(3, weigh), weights_of(1, weigh));

  const auto ignore = [](auto x, auto y) { return losses::softmax_cross_entropy(x, y, {.ignore_index = 1}); };
  check_close(weights_of(5, {}, ignore), weights_of(1, {}, ignore));

  const auto add = [](auto x, auto y) {
    return losses::softmax_cross_entropy(x, y, {.reduction = losses::Reduction::sum}) * 0.01;
  };
  check_close(weights_of(3, {}, add), weights_of(1, {}, add));

  const auto by_hand = [](auto x, auto) { return mean(square(x)); };
  check_close(weights_of(3, {}, by_hand), weights_of(1, {}, by_hand));
}

TEST_CASE("BatchNorm takes the mean of the statistics of the shards into the running ones",
          "[training][shards][threads]") {
  // Shards (1, 3), (5, 9): means 2 and 7, unbiased variances 2 and 8.
  const std::vector<double> features{1, 3, 5, 9};
  const std::vector<double> targets(4);
  Normalized model;
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0});
  // Rows stay in their order where nothing shuffles them: any order has the same mean of the means.
  Random random(1);
  training::Dataset<double> data{.features = {features.data(), Shape{4, 1}},
                                 .targets = training::numbers(targets)};
  data.train = {0, 1, 2, 3};
  training::train(model, data,
                  {.optimizer = optimizer, .random = random, .epochs = 1, .batch_size = 4, .shards = 2});
  const auto state = model.state();
  CHECK_THAT(state["norm.running_mean"].get<double>()[0], WithinRel(0.1 * 4.5, 1e-14));
  CHECK(state["norm.num_batches_tracked"].get<std::int64_t>()[0] == 1);
}

TEST_CASE("shards balance a loss as the whole batch does", "[training][shards][threads]") {
  const auto trained_weight = [](std::size_t shards) {
    const Clouds<double> clouds(100);
    training::Dataset<double> data = clouds.data;
    data.train = {0, 3, 6, 9, 12, 15, 18, 21, 1, 4, 2};  // classes 0, 1 and 2, which are ever rarer
    Random random(1);
    nn::Linear<double> model(2, 3, random);
    optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.1});
    training::train(
        model, data,
        {.optimizer = optimizer, .random = random, .epochs = 2, .shards = shards, .balance_loss = true});
    return model.weight.values()[0];
  };
  CHECK_THAT(trained_weight(4), WithinAbs(trained_weight(1), 1e-12));
}

TEST_CASE("shards train a part of a model, and leave the rest", "[training][shards][threads]") {
  const auto trained_head = [](std::size_t shards) {
    const Clouds<double> clouds(100);
    Random random(1);
    BodyAndHead model(random);
    optim::SGD<double> optimizer(model.head.parameters(), {.learning_rate = 0.1});
    training::train(
        model, clouds.data,
        {.optimizer = optimizer, .random = random, .epochs = 2, .batch_size = 16, .shards = shards});
    return std::pair(model.body.weight.values()[0], model.head.weight.values()[0]);
  };
  const auto whole = trained_head(1), sharded = trained_head(3);
  CHECK(sharded.first == whole.first);
  CHECK_THAT(sharded.second, WithinAbs(whole.second, 1e-12));
}

TEST_CASE("a sharded training is resumed as if it had never been interrupted",
          "[training][shards][threads]") {
  const TemporaryDirectory directory;
  trained<float>(3, 2, 2, directory.path() + "/a");
  CHECK(are_same_bits(trained<float>(3, 2, 5, directory.path() + "/a"), trained<float>(3, 2, 5)));
}

TEST_CASE("what one shard throws ends the training", "[training][shards][errors]") {
  const Clouds<float> clouds(100);
  Random random(1);
  nn::Linear<float> model(2, 3, random);
  optim::SGD<float> optimizer(model.parameters());
  std::atomic<int> calls = 0;
  CHECK_THROWS_WITH(training::train(model, clouds.data,
                                    {.optimizer = optimizer,
                                     .random = random,
                                     .shards = 4,
                                     .loss =
                                         [&](auto x, auto y) {
                                           if (++calls == 7) throw std::runtime_error("the seventh");
                                           return losses::softmax_cross_entropy(x, y);
                                         }}),
                    "the seventh");
  CHECK_THROWS_WITH(
      training::train(model, clouds.data, {.optimizer = optimizer, .random = random, .shards = 0}),
      "train: options.shards must be at least 1, got 0");
}
