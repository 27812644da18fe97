// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <map>
#include <optional>

#include "matchers.hpp"
#include "training_problem.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace training_losses_test {
namespace {

using losses::Divisor;
using losses::EmptyMean;
using losses::Reduction;

/// A model whose logits are the features times a number that is trained, 1 at first.
struct Scaled : nn::Module<double> {
  Parameter<double> factor{"factor", 1.0};
  Scaled() { add(factor); }
  Variable<double> forward(Variable<double> x) override { return x * x.tape().watch(factor); }
};

/// Ten rows of three logits. The loss of row r is the negative logarithm of a probability that is written out
/// below, as the logits are logarithms of 1, 2 and 5, or in odd rows of 5, 2 and 1.
struct TenRows {
  Array<double> features{Shape{10, 3}};
  std::vector<std::int64_t> labels{0, 1, 2, 0, -1, 1, -1, 2, 0, 1};
  double loss_of(std::size_t row) const {
    static constexpr double even[] = {1, 2, 5}, odd[] = {5, 2, 1};
    return -std::log((row % 2 == 0 ? even : odd)[labels[row]] / 8);
  }

  TenRows() {
    for (std::size_t row = 0; row < 10; ++row) {
      const double numbers[] = {1, 2, 5};
      for (std::size_t j = 0; j < 3; ++j) features[row * 3 + j] = std::log(numbers[row % 2 == 0 ? j : 2 - j]);
    }
  }
};

struct Losses {
  double training, validation;
};

/// Of all ten rows, at a learning rate of 0.
Losses losses_of(const TenRows& problem, std::size_t rows_at_a_time, const training::Loss<double>& loss) {
  const std::vector<std::size_t> all{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  Scaled model;
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0});
  Random random(1);
  const auto history = training::train(
      model, {.features = problem.features, .targets = problem.labels, .train = all, .validation = all},
      {.optimizer = optimizer,
       .random = random,
       .epochs = 1,
       .batch_size = rows_at_a_time,
       .validation_rows_at_a_time = rows_at_a_time,
       .loss = loss});
  return {history.epochs[0].training_loss, history.epochs[0].validation_loss};
}

}  // namespace

TEST_CASE("the loss of an epoch is that of all rows, however they are cut", "[training][train][losses]") {
  const TenRows problem;
  const std::vector<double> weights{1, 10, 0.1};
  double sum = 0, weighted = 0, sum_of_weights = 0;
  std::size_t labelled = 0;
  for (std::size_t row = 0; row < 10; ++row) {
    if (problem.labels[row] < 0) continue;
    const double weight = weights[static_cast<std::size_t>(problem.labels[row])];
    sum += problem.loss_of(row);
    weighted += weight * problem.loss_of(row);
    sum_of_weights += weight;
    ++labelled;
  }
  const auto loss_with = [&](Reduction reduction, bool weigh) -> training::Loss<double> {
    return [=](Variable<double> logits, ArrayView<const std::int64_t> labels) {
      losses::SoftmaxCrossEntropyOptions options{.ignore_index = -1, .reduction = reduction};
      if (weigh) options.class_weights = weights;
      return losses::softmax_cross_entropy(logits, labels, options);
    };
  };
  const auto check = [&](double right, const training::Loss<double>& loss) {
    for (const std::size_t rows : {1U, 3U, 4U, 10U}) {
      CAPTURE(rows);
      const Losses got = losses_of(problem, rows, loss);
      CHECK_THAT(got.training, WithinRel(right, 1e-12));
      CHECK_THAT(got.validation, WithinRel(right, 1e-12));
    }
  };
  check(sum / static_cast<double>(labelled), loss_with(Reduction::mean, false));
  check(sum / static_cast<double>(labelled),
        loss_with(Reduction::mean_by(Divisor::valid_elements, EmptyMean::zero), false));
  check(sum / 10, loss_with(Reduction::mean_by(Divisor::elements), false));
  check(weighted / sum_of_weights, loss_with(Reduction::mean_by(Divisor::sum_of_target_class_weights), true));
  check(weighted, loss_with(Reduction::sum, true));
  check(weighted / 4, loss_with(Reduction::mean_by(4.0), true));
  // What is made of a loss of the library keeps its divisor.
  check(3 * sum / static_cast<double>(labelled) + 1,
        [plain = loss_with(Reduction::mean, false)](Variable<double> logits, auto labels) {
          return 3.0 * plain(logits, labels) + 1.0;
        });
}

TEST_CASE("a batch without a label is passed over and counted", "[training][train][losses]") {
  // With batches of 4 rows at least one of ten has no label among 36 of 40 that are not labelled.
  Array<double> features(Shape{40, 3});
  Random numbers(2);
  for (double& x : features) x = numbers.normal();
  std::vector<std::int64_t> labels(40, -1);
  for (const std::size_t row : {3U, 14U, 15U, 26U}) labels[row] = static_cast<std::int64_t>(row % 3);
  std::vector<std::size_t> all(40);
  for (std::size_t row = 0; row < 40; ++row) all[row] = row;

  const auto train = [&](EmptyMean empty, std::map<std::size_t, std::size_t>& steps) {
    Scaled model;
    optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.1, .momentum = 0.9});
    Random random(1);
    return training::train(
        model, {.features = features, .targets = labels, .train = all},
        {.optimizer = optimizer,
         .random = random,
         .epochs = 3,
         .batch_size = 4,
         .loss =
             [empty](auto logits, auto of_batch) {
               return losses::softmax_cross_entropy(
                   logits, of_batch,
                   {.ignore_index = -1, .reduction = Reduction::mean_by(Divisor::valid_elements, empty)});
             }},
        {.on_batch = [&](const training::Batch& batch) { ++steps[batch.epoch]; }});
  };
  for (const EmptyMean empty : {EmptyMean::nan, EmptyMean::zero}) {
    std::map<std::size_t, std::size_t> steps;
    const auto history = train(empty, steps);
    REQUIRE(history.epochs.size() == 3);
    for (const training::Epoch& epoch : history.epochs) {
      CHECK(epoch.skipped_batches >= 6);
      CHECK(epoch.skipped_batches + steps[epoch.number] == 10);
      CHECK(std::isfinite(epoch.training_loss));
    }
  }
  std::map<std::size_t, std::size_t> steps;
  CHECK_THROWS_WITH(
      train(EmptyMean::error, steps),
      "softmax_cross_entropy: the mean must not be empty (EmptyMean::error), got 4 losses and a "
      "divisor of 0");
}

TEST_CASE("rows of which none counts for the loss are an error that says so",
          "[training][train][losses][errors]") {
  const TenRows problem;
  const auto train = [&](const std::vector<std::size_t>& rows, const std::vector<std::size_t>& validation) {
    Scaled model;
    optim::SGD<double> optimizer(model.parameters());
    Random random(1);
    training::train(
        model,
        {.features = problem.features, .targets = problem.labels, .train = rows, .validation = validation},
        {.optimizer = optimizer, .random = random, .batch_size = 1, .loss = [](auto logits, auto labels) {
           return losses::softmax_cross_entropy(logits, labels, {.ignore_index = -1});
         }});
  };
  CHECK_THROWS_WITH(
      train({4, 6}, {}),
      "train: a row of data.train must count for the loss, got none in the 2 batches of epoch 1: "
      "its options leave out every label");
  CHECK_THROWS_WITH(
      train({0, 1}, {6, 4, 6}),
      "train: a row of data.validation must count for the loss, got none of 3: its options leave "
      "out every label; give rows with labels, or no validation rows");
}

TEST_CASE("early stopping does not depend on how many rows are validated at a time",
          "[training][train][losses][early_stopping]") {
  Random numbers(3);
  Array<double> features(Shape{200, 2});
  std::vector<std::int64_t> labels(200);
  std::vector<std::size_t> trained, validated;
  for (std::size_t row = 0; row < 200; ++row) {
    labels[row] = static_cast<std::int64_t>(row % 3);
    features[2 * row] = static_cast<double>(row % 3) + 0.3 * numbers.normal();
    features[2 * row + 1] = numbers.normal();
    (row < 150 ? trained : validated).push_back(row);
  }
  for (std::size_t row = 150; row < 166; ++row) labels[row] = -1;
  const auto train = [&](std::size_t rows_at_a_time) {
    Random random(1);
    nn::Sequential<double> model;
    model.add<nn::Linear>(2, 3, random);
    optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.3});
    return training::train(
        model, {.features = features, .targets = labels, .train = trained, .validation = validated},
        {.optimizer = optimizer,
         .random = random,
         .epochs = 60,
         .batch_size = 10,
         .validation_rows_at_a_time = rows_at_a_time,
         .loss =
             [](auto logits, auto of_batch) {
               return losses::softmax_cross_entropy(logits, of_batch, {.ignore_index = -1});
             },
         .early_stopping = optim::EarlyStoppingOptions{.patience = 5}});
  };
  const auto by_16 = train(16), by_50 = train(50);
  REQUIRE(by_16.epochs.size() == by_50.epochs.size());
  CHECK(by_16.epochs.size() > 10);
  CHECK(by_16.best_epoch == by_50.best_epoch);
  CHECK(by_16.epochs.back().validation_loss == by_50.epochs.back().validation_loss);
}

TEST_CASE("ignore_index leaves rows out of loss, accuracy and balance, though it is a class",
          "[training][train][losses]") {
  // Rows of the class 0 are padding. Of the others, each predicted to be of its largest logit:
  const TenRows problem;
  const std::vector<std::size_t> labelled{0, 1, 2, 3, 5, 7, 8, 9};
  double sum = 0;
  for (const std::size_t row : {1U, 2U, 5U, 7U, 9U}) sum += problem.loss_of(row);
  for (const bool balance : {false, true}) {
    Scaled model;
    optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0});
    Random random(1);
    const auto history = training::train(
        model,
        {.features = problem.features, .targets = problem.labels, .train = labelled, .validation = labelled},
        {.optimizer = optimizer,
         .random = random,
         .epochs = 1,
         .batch_size = 2,
         .balance_classes = balance,
         .ignore_index = 0});
    CHECK_THAT(history.epochs[0].validation_loss, WithinRel(sum / 5, 1e-12));
    CHECK(history.epochs[0].validation_accuracy == 0.2);  // row 2 alone
    if (!balance) CHECK_THAT(history.epochs[0].training_loss, WithinRel(sum / 5, 1e-12));
  }
}

TEST_CASE("a tape tells what its latest loss has divided by", "[losses][reduction]") {
  Tape<double> tape;
  const auto logits = tape.variable(xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}});
  const std::vector<int> labels{0, 1, -1};
  CHECK_FALSE(tape.loss_divisor().has_value());
  const auto divisor_of = [&](Reduction reduction) {
    tape.forget_loss_divisor();
    losses::softmax_cross_entropy(
        logits, labels,
        {.class_weights = std::vector<double>{3, 0.5}, .ignore_index = -1, .reduction = reduction});
    return tape.loss_divisor();
  };
  CHECK(divisor_of(Reduction::mean)->value == 2);
  CHECK(divisor_of(Reduction::mean_by(Divisor::elements))->value == 3);
  CHECK(divisor_of(Reduction::mean_by(Divisor::sum_of_target_class_weights))->value == 3.5);
  CHECK(divisor_of(Reduction::mean)->grows_with_samples);
  CHECK(divisor_of(Reduction::mean_by(7.0))->value == 7);
  CHECK_FALSE(divisor_of(Reduction::mean_by(7.0))->grows_with_samples);
  CHECK(divisor_of(Reduction::sum)->value == 1);
  CHECK_FALSE(divisor_of(Reduction::sum)->grows_with_samples);
  CHECK_FALSE(divisor_of(Reduction::none).has_value());
  tape.forget_loss_divisor();
  losses::softmax_cross_entropy(
      logits, std::vector<int>{-1, -1, -1},
      {.ignore_index = -1, .reduction = Reduction::mean_by(Divisor::valid_elements, EmptyMean::zero)});
  CHECK(tape.loss_divisor()->value == 0);
}

}  // namespace training_losses_test
