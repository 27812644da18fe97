// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/training/train.hpp"

#include <cmath>
#include <cstdio>
#include <map>

#include "matchers.hpp"
#include "named_arrays_equal.hpp"
#include "temporary_directory.hpp"
#include "training_problem.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

/// Logits that are the same for every row: a bias, which begins as given.
template <class T>
struct Constant : nn::Module<T> {
  Parameter<T> bias;

  explicit Constant(const std::vector<double>& initial) : bias("bias", initial) { this->add(bias); }

  Variable<T> forward(Variable<T> x) override {
    Tape<T>& tape = x.tape();
    return tape.watch(bias) + tape.constant(Array<T>(Shape{x.shape()[0], bias.size()}));
  }
};

/// Rows without features, of which the first `trained` are to be learned from.
template <class T>
struct Labels {
  Array<T> features;
  std::vector<std::int64_t> labels;
  training::Dataset<T> data;

  Labels(std::vector<std::int64_t> labels_of_rows, std::size_t trained)
      : features(Shape{labels_of_rows.size(), 1}), labels(std::move(labels_of_rows)) {
    data.features = features;
    data.targets = labels;
    for (std::size_t row = 0; row < labels.size(); ++row) {
      (row < trained ? data.train : data.validation).push_back(row);
    }
  }
};

double log_sum_exp_of(const std::vector<double>& x) {
  double sum = 0;
  for (const double element : x) sum += std::exp(element);
  return std::log(sum);
}

std::string text_of(std::FILE* file) {
  std::string text;
  std::rewind(file);
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  return text;
}

/// A loss that is the usual one but for the call of that number, from 1.
training::Loss<float> spoiled_in(int call, float factor) {
  return [calls = 0, call, factor](Variable<float> logits, ArrayView<const std::int64_t> labels) mutable {
    const auto loss = losses::softmax_cross_entropy(logits, labels);
    return ++calls == call ? factor * loss : loss;
  };
}

}  // namespace

TEMPLATE_TEST_CASE("train learns clouds that do not overlap", "[training][train]", float, double) {
  const Clouds<TestType> clouds(200);
  Random random(1);
  nn::Sequential<TestType> model;
  model.template add<nn::Linear>(2, 16, random)
      .template add<nn::Relu>()
      .template add<nn::Linear>(16, 3, random);
  optim::Adam<TestType> optimizer(model.parameters(), {.learning_rate = 0.02});
  const auto history =
      training::train(model, clouds.data, {.optimizer = optimizer, .random = random, .epochs = 20});
  REQUIRE(history.epochs.size() == 20);
  for (std::size_t i = 0; i < 20; ++i) CHECK(history.epochs[i].number == i + 1);
  CHECK(history.epochs.back().training_accuracy == 1);
  CHECK(history.epochs.back().validation_accuracy == 1);
  CHECK(history.epochs.back().validation_loss < 0.1);
  CHECK(history.epochs.back().training_loss < history.epochs.front().training_loss / 5);
  CHECK(history.epochs.back().seconds > history.epochs.front().seconds);
  CHECK(history.epochs.front().seconds > 0);
  CHECK(history.epochs.front().learning_rate == 0.02);
  CHECK_FALSE(history.stopped_early);
  CHECK_FALSE(model.is_training());
}

TEMPLATE_TEST_CASE("train does what the loop written out does, bit for bit", "[training][train]", float,
                   double) {
  using T = TestType;
  const Clouds<T> clouds(70);  // batches of 16, and one of 5
  WholeTraining<T> by_train(3), by_hand(3);
  by_hand.model.train();
  Tape<T> tape;
  for (int epoch = 0; epoch < 3; ++epoch) {
    data::Batches batches(clouds.data.train, 16);
    batches.shuffle(by_hand.random);
    for (const auto rows : batches) {
      const auto frame = tape.frame();
      const auto x = data::take_rows(tape, clouds.features, rows);
      const auto y = data::take_rows(tape, clouds.labels, rows);
      losses::softmax_cross_entropy(by_hand.model(x), y).backward();
      optim::clip_gradient_norm(by_hand.optimizer.parameters(), 0.5);
      by_hand.optimizer.step();
      by_hand.optimizer.zero_grad();
      by_hand.schedule.step();
    }
  }
  auto options = by_train.options(3);
  options.early_stopping.reset();
  options.weight_average.reset();
  training::train(by_train.model, clouds.data, options);
  CHECK(are_same_bits(by_train.model.state(), by_hand.model.state()));
  CHECK(are_same_bits(by_train.optimizer.state(), by_hand.optimizer.state()));
  CHECK(by_train.random == by_hand.random);
}

TEMPLATE_TEST_CASE("an epoch gives means over rows, however they are cut into batches", "[training][train]",
                   float, double) {
  // Probabilities 1/8, 2/8 and 5/8: the loss of a row is the negative logarithm of one of them.
  Constant<TestType> model({0, std::log(2.0), std::log(5.0)});
  const Labels<TestType> problem({2, 2, 2, 1, 0, 2, 0, 1, 1, 2, /* validation */ 2, 0, 2}, 10);
  optim::SGD<TestType> optimizer(model.parameters(), {.learning_rate = 0});
  Random random(1);
  const auto history = training::train(model, problem.data,
                                       {.optimizer = optimizer,
                                        .random = random,
                                        .epochs = 1,
                                        .batch_size = 4,
                                        .validation_rows_at_a_time = 2});
  REQUIRE(history.epochs.size() == 1);
  const training::Epoch& epoch = history.epochs[0];
  const double losses[] = {std::log(8.0), std::log(4.0), std::log(1.6)};
  CHECK_THAT(epoch.training_loss, WithinRel((2 * losses[0] + 3 * losses[1] + 5 * losses[2]) / 10, 1e-6));
  CHECK_THAT(epoch.training_accuracy, WithinRel(0.5, 1e-12));
  CHECK_THAT(epoch.validation_loss, WithinRel((losses[0] + 2 * losses[2]) / 3, 1e-6));
  CHECK_THAT(epoch.validation_accuracy, WithinRel(2.0 / 3, 1e-12));
  CHECK(history.best_epoch == 1);
}

TEST_CASE("the first of equal logits is the predicted class, and NaN none", "[training][train]") {
  struct NanFirst : Constant<float> {
    NanFirst() : Constant({0, 0}) {}
    Variable<float> forward(Variable<float> x) override {
      return Constant::forward(x) + x.tape().constant(std::vector<double>{NaN, 0});
    }
  } with_nan;
  Constant<float> equal({0, 0});
  const Labels<float> problem({0, 1, 0, 0}, 4);
  optim::SGD<float> of_equal(equal.parameters(), {.learning_rate = 0});
  optim::SGD<float> of_nan(with_nan.parameters(), {.learning_rate = 0});
  Random random(1);
  const training::Loss<float> loss = [](auto logits, auto) { return logits.tape().variable(0.0F); };
  const auto accuracy = [&](nn::Module<float>& model, optim::Optimizer<float>& optimizer) {
    return training::train(model, problem.data,
                           {.optimizer = optimizer, .random = random, .epochs = 1, .loss = loss})
        .epochs[0]
        .training_accuracy;
  };
  CHECK(accuracy(equal, of_equal) == 0.75);
  CHECK(accuracy(with_nan, of_nan) == 0);
}

TEST_CASE("rows that the loss ignores do not count in the accuracy", "[training][train]") {
  Constant<double> model({2, 0});
  const Labels<double> problem({0, -1, 1, 0, -1, /* validation */ -1, 0}, 5);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0});
  Random random(1);
  const auto history = training::train(
      model, problem.data,
      {.optimizer = optimizer, .random = random, .epochs = 1, .loss = [](auto logits, auto labels) {
         return losses::softmax_cross_entropy(logits, labels, {.ignore_index = -1});
       }});
  CHECK_THAT(history.epochs[0].training_accuracy, WithinRel(2.0 / 3, 1e-12));
  CHECK(history.epochs[0].validation_accuracy == 1);
}

TEST_CASE("the first batches refuse a softmax too many, unless none is to be checked", "[training][train]") {
  struct Softmaxed : Constant<float> {
    using Constant::Constant;
    Variable<float> forward(Variable<float> x) override { return softmax(Constant::forward(x)); }
  };
  Softmaxed model({0.5, 2});
  const Labels<float> problem({0, 1, 1}, 3);
  optim::SGD<float> optimizer(model.parameters());
  Random random(1);
  const auto train = [&](std::size_t checked_batches) {
    training::train(
        model, problem.data,
        {.optimizer = optimizer, .random = random, .epochs = 1, .checked_batches = checked_batches});
  };
  CHECK_THROWS_AS(train(1), ArgumentError);
  CHECK_THROWS_AS(train(10), ArgumentError);
  CHECK_NOTHROW(train(0));
}

TEST_CASE("without validation rows an epoch has NaN for them", "[training][train]") {
  Constant<float> model({0, 0});
  const Labels<float> problem({0, 1, 1}, 3);
  optim::SGD<float> optimizer(model.parameters());
  Random random(1);
  const auto history =
      training::train(model, problem.data, {.optimizer = optimizer, .random = random, .epochs = 2});
  REQUIRE(history.epochs.size() == 2);
  CHECK(std::isnan(history.epochs[1].validation_loss));
  CHECK(std::isnan(history.epochs[1].validation_accuracy));
  CHECK(history.best_epoch == 0);
}

TEST_CASE("no epochs train nothing", "[training][train]") {
  Constant<float> model({0, 0});
  const Labels<float> problem({0, 1, 1}, 3);
  optim::SGD<float> optimizer(model.parameters());
  Random random(1);
  const auto history =
      training::train(model, problem.data, {.optimizer = optimizer, .random = random, .epochs = 0});
  CHECK(history.epochs.empty());
  CHECK_FALSE(history.stopped_early);
  CHECK(values(model.bias) == std::vector<double>{0, 0});
}

TEST_CASE("early stopping gives the weights of the best epoch back", "[training][train][early_stopping]") {
  // All training rows are of class 0, of which the validation rows hold 0.7: the loss on them falls until the
  // model says 0.7, and then rises.
  Constant<double> model({0, 0});
  const Labels<double> problem({0, 0, 0, 0, /* validation */ 0, 0, 0, 0, 0, 0, 0, 1, 1, 1}, 4);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.1});
  Random random(1);
  const auto history = training::train(model, problem.data,
                                       {.optimizer = optimizer,
                                        .random = random,
                                        .epochs = 100,
                                        .early_stopping = optim::EarlyStoppingOptions{.patience = 3}});
  CHECK(history.stopped_early);
  REQUIRE(history.best_epoch > 1);
  REQUIRE(history.epochs.size() == history.best_epoch + 3);
  const training::Epoch& best = history.epochs[history.best_epoch - 1];
  for (const training::Epoch& epoch : history.epochs) CHECK(epoch.validation_loss >= best.validation_loss);
  const std::vector<double> bias = values(model.bias);
  CHECK_THAT(log_sum_exp_of(bias) - 0.7 * bias[0] - 0.3 * bias[1], WithinRel(best.validation_loss, 1e-12));
  CHECK_THAT(1 / (1 + std::exp(bias[1] - bias[0])), WithinAbs(0.7, 0.02));
}

TEST_CASE("early stopping in mode max goes by the accuracy", "[training][train][early_stopping]") {
  Constant<double> model({0, 0});  // predicts class 0 from the first epoch to the last
  const Labels<double> problem({0, 0, 0, 0, /* validation */ 0, 1}, 4);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.01});
  Random random(1);
  const auto history = training::train(
      model, problem.data,
      {.optimizer = optimizer,
       .random = random,
       .epochs = 100,
       .early_stopping = optim::EarlyStoppingOptions{.patience = 4, .mode = optim::Mode::max}});
  CHECK(history.best_epoch == 1);
  CHECK(history.epochs.size() == 5);
}

TEST_CASE("the model ends with the averages by which it was validated", "[training][train][weight_average]") {
  Constant<double> model({0, 0, 0});
  const Labels<double> problem({0, 1, 1, 2, 1, 0, 1, /* validation */ 0, 1, 2}, 7);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.5});
  Random random(1);
  std::vector<double> average{0, 0, 0}, last;
  const auto history = training::train(model, problem.data,
                                       {.optimizer = optimizer,
                                        .random = random,
                                        .epochs = 3,
                                        .batch_size = 2,
                                        .weight_average = optim::WeightAverageOptions{.decay = 0.75}},
                                       {.on_batch = [&](const training::Batch&) {
                                         last = values(model.bias);
                                         for (std::size_t i = 0; i < 3; ++i) {
                                           average[i] = 0.75 * average[i] + 0.25 * last[i];
                                         }
                                       }});
  CHECK_THAT(values(model.bias), AllClose(average, 1e-12));
  CHECK_THAT(last, !AllClose(average, 1e-3));
  const double loss = log_sum_exp_of(average) - (average[0] + average[1] + average[2]) / 3;
  CHECK_THAT(history.epochs.back().validation_loss, WithinRel(loss, 1e-12));
}

TEST_CASE("a schedule takes a step every epoch or every batch", "[training][train][schedule]") {
  const auto rates = [](training::Every every) {
    Constant<float> model({0, 0});
    const Labels<float> problem({0, 1, 1, 0, 1, 0}, 6);
    optim::SGD<float> optimizer(model.parameters(), {.learning_rate = 1});
    optim::CurveSchedule schedule(optimizer, optim::exponential_decay(0.5));
    Random random(1);
    std::vector<double> seen;
    const auto history = training::train(
        model, problem.data,
        {.optimizer = optimizer,
         .random = random,
         .epochs = 2,
         .batch_size = 3,
         .schedule = &schedule,
         .schedule_every = every},
        {.on_batch = [&](const training::Batch&) { seen.push_back(optimizer.learning_rate()); }});
    for (const training::Epoch& epoch : history.epochs) seen.push_back(epoch.learning_rate);
    return seen;
  };
  CHECK(rates(training::Every::epoch) == std::vector<double>{1, 1, 0.5, 0.5, 1, 0.5});
  CHECK(rates(training::Every::batch) == std::vector<double>{0.5, 0.25, 0.125, 0.0625, 0.25, 0.0625});
}

TEST_CASE("a schedule of every epoch follows the validation loss", "[training][train][schedule]") {
  // What is learned makes the validation worse.
  Constant<double> model({0, 0});
  const Labels<double> problem({0, 0, /* validation */ 1, 1}, 2);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.1});
  optim::ReduceOnPlateau schedule(optimizer, {.factor = 0.5, .patience = 1});
  Random random(1);
  const auto history = training::train(
      model, problem.data, {.optimizer = optimizer, .random = random, .epochs = 4, .schedule = &schedule});
  CHECK(history.epochs[2].learning_rate == 0.1);
  CHECK(history.epochs[3].learning_rate == 0.05);
  CHECK(schedule.best() == history.epochs[0].validation_loss);
}

TEST_CASE("gradients are clipped by their norm before a step", "[training][train]") {
  Constant<double> model({0, 0});
  const Labels<double> problem({0, 0}, 2);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 1});
  Random random(1);
  training::train(model, problem.data,
                  {.optimizer = optimizer, .random = random, .epochs = 1, .max_gradient_norm = 1e-3});
  CHECK_THAT(values(model.bias), AllClose({1e-3 / std::sqrt(2.0), -1e-3 / std::sqrt(2.0)}, 1e-12));
}

TEST_CASE("gradients that were there before the training do not count", "[training][train]") {
  Constant<double> model({0, 0});
  const Labels<double> problem({0, 1}, 2);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 1});
  {
    Tape<double> tape;
    sum(tape.watch(model.bias)).backward();
  }
  Random random(1);
  training::train(model, problem.data, {.optimizer = optimizer, .random = random, .epochs = 1});
  CHECK_THAT(values(model.bias), AllClose({0, 0}, 0, 1e-15));
}

TEST_CASE("classes are equally frequent in balanced batches", "[training][train]") {
  Constant<float> model({0, 0});
  const Labels<float> problem({0, 0, 1, 0, 0, 0, 0, 1, 0, 0}, 10);
  optim::SGD<float> optimizer(model.parameters());
  Random random(1);
  std::map<std::int64_t, int> seen;
  training::train(model, problem.data,
                  {.optimizer = optimizer,
                   .random = random,
                   .epochs = 2,
                   .batch_size = 4,
                   .balance_classes = true,
                   .loss = [&](auto logits, ArrayView<const std::int64_t> labels) {
                     for (const std::int64_t label : labels) ++seen[label];
                     return losses::softmax_cross_entropy(logits, labels);
                   }});
  CHECK(seen == std::map<std::int64_t, int>{{0, 16}, {1, 16}});
}

TEST_CASE("drop_last leaves out the last batch where it is smaller", "[training][train]") {
  const auto sizes = [](std::size_t batch_size) {
    Constant<float> model({0, 0});
    const Labels<float> problem({0, 0, 1, 0, 0, 0, 1, 1, 0}, 9);
    optim::SGD<float> optimizer(model.parameters());
    Random random(1);
    std::vector<std::size_t> seen;
    training::train(
        model, problem.data,
        {.optimizer = optimizer,
         .random = random,
         .epochs = 1,
         .batch_size = batch_size,
         .drop_last = true,
         .loss =
             [&](auto logits, ArrayView<const std::int64_t> labels) {
               seen.push_back(labels.size());
               return losses::softmax_cross_entropy(logits, labels);
             }},
        {.on_batch = [&](const training::Batch& batch) { CHECK(batch.count == 9 / batch_size); }});
    return seen;
  };
  CHECK(sizes(4) == std::vector<std::size_t>{4, 4});
  CHECK(sizes(3) == std::vector<std::size_t>{3, 3, 3});
  CHECK_THROWS_WITH(
      sizes(10),
      "train: options.batch_size must be at most the 9 rows of an epoch, of which drop_last would "
      "leave none, got 10");
}

TEST_CASE("callbacks see every batch and every epoch, and may end the training",
          "[training][train][callbacks]") {
  Constant<double> model({0, 0});
  const Labels<double> problem({0, 1, 1, 0, 1, /* validation */ 0}, 5);
  optim::SGD<double> optimizer(model.parameters());
  Random random(1);
  std::vector<std::vector<std::size_t>> batches;
  std::vector<std::size_t> epochs;
  double sum_of_losses = 0;
  const auto history = training::train(
      model, problem.data, {.optimizer = optimizer, .random = random, .epochs = 9, .batch_size = 2},
      {.on_batch =
           [&](const training::Batch& batch) {
             CHECK(model.is_training());
             batches.push_back({batch.epoch, batch.number, batch.count});
             if (batch.epoch == 2) sum_of_losses += batch.loss * (batch.number == 3 ? 1 : 2);
           },
       .on_epoch =
           [&](const training::History& so_far) {
             CHECK_FALSE(model.is_training());
             epochs.push_back(so_far.epochs.back().number);
             return so_far.epochs.size() < 2;
           }});
  CHECK(batches == std::vector<std::vector<std::size_t>>{
                       {1, 1, 3}, {1, 2, 3}, {1, 3, 3}, {2, 1, 3}, {2, 2, 3}, {2, 3, 3}});
  CHECK(epochs == std::vector<std::size_t>{1, 2});
  REQUIRE(history.epochs.size() == 2);
  CHECK(history.stopped_early);
  CHECK_THAT(history.epochs[1].training_loss, WithinRel(sum_of_losses / 5, 1e-12));
}

TEST_CASE("the log has a line an epoch", "[training][train][log]") {
  const TemporaryDirectory directory;
  Constant<double> model({0, 0});
  const Labels<double> problem({0, 1, 1, 0}, 4);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0});
  Random random(1);
  write_text(directory / "log.csv", "of another training\n");
  training::train(model, problem.data,
                  {.optimizer = optimizer, .random = random, .epochs = 2, .log = directory / "log.csv"});
  const std::string log = read_text(directory / "log.csv");
  CHECK(log.starts_with(
      "epoch,learning_rate,training_loss,training_accuracy,validation_loss,validation_accuracy,"
      "skipped_batches,seconds\n"));
  CHECK(without_seconds(log) ==
        "epoch,learning_rate,training_loss,training_accuracy,validation_loss,validation_accuracy,"
        "skipped_batches\n1,0,0.6931471805599453,0.5,nan,nan,0\n2,0,0.6931471805599453,0.5,nan,nan,0\n");
  CHECK(directory.names() == std::vector<std::string>{"log.csv"});
}

TEST_CASE("a loss that is not finite says where, and what to try", "[training][train][errors]") {
  const TemporaryDirectory directory;
  Constant<float> model({0, 0});
  const Labels<float> problem({0, 1, 1, 0, 1}, 5);
  optim::SGD<float> optimizer(model.parameters(), {.learning_rate = 0.5});
  Random random(1);
  training::Options<float> options{
      .optimizer = optimizer, .random = random, .epochs = 9, .batch_size = 2, .loss = spoiled_in(5, NAN)};
  CHECK_THROWS_WITH(training::train(model, problem.data, options),
                    "train: the loss must be finite, got nan in epoch 2, batch 2 of 3, at learning rate 0.5; "
                    "try a smaller learning "
                    "rate, max_gradient_norm = 1, or features of mean 0 and deviation 1");

  options.loss = spoiled_in(6, -INFINITY);  // one call is for the checkpoint
  options.max_gradient_norm = 1;
  options.checkpoint_directory = directory / "checkpoints";
  NamedArrays after_first;
  CHECK_THROWS_WITH(training::train(model, problem.data, options,
                                    {.on_epoch =
                                         [&](const training::History&) {
                                           after_first = model.state();
                                           return true;
                                         }}),
                    "train: the loss must be finite, got -inf in epoch 2, batch 2 of 3, at learning rate "
                    "0.5; try a smaller learning "
                    "rate, or features of mean 0 and deviation 1. The checkpoint of epoch 1 is as it was; "
                    "since it keeps its learning "
                    "rate, give another checkpoint_directory to change that");
  const io::Checkpoints checkpoints(directory / "checkpoints");
  CHECK(checkpoints.epochs() == std::vector<std::uint64_t>{1});
  CHECK(are_same_bits(checkpoints.newest()->state.with_prefix("model."), after_first));
  options.loss = spoiled_in(4, NAN);
  CHECK_THROWS_AS(training::train(model, problem.data, options), NonFiniteError);
}

TEST_CASE("a loss that is not finite names the feature that is not", "[training][train][errors]") {
  Clouds<double> clouds(40);
  clouds.features[2 * 5 + 1] = NAN;
  WholeTraining<double> run(1);
  CHECK_THROWS_WITH(
      training::train(run.model, clouds.data, run.options(1)),
      ContainsSubstring("train: the loss must be finite, got nan in epoch 1, batch ") &&
          ContainsSubstring(" of 2, at learning rate 0.0") &&
          ContainsSubstring(": features[5, 1] is nan; leave such rows out, or impute what is missing"));
}

TEST_CASE("gradients that are not finite say where", "[training][train][errors]") {
  Constant<double> model({0, 0});
  const Labels<double> problem({0, 1, 1, 0}, 4);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.5});
  Random random(1);
  CHECK_THROWS_WITH(
      training::train(model, problem.data,
                      {.optimizer = optimizer,
                       .random = random,
                       .loss = [](auto logits, auto) { return mean(sqrt(abs(logits))); },
                       .max_gradient_norm = 1}),
      ContainsSubstring("train: gradients must be finite, got others in epoch 1, batch 1 of 1, at "
                        "learning rate 0.5, where the loss is 0; the step was not taken; ") &&
          ContainsSubstring("of the parameter 'bias'"));
  CHECK(values(model.bias) == std::vector<double>{0, 0});
}

namespace {

// x times the root of a parameter, and another parameter that is not trained.
struct WithRoot : nn::Module<double> {
  WithRoot() {
    add(square);
    add(frozen);
    frozen.values()[0] = 1;
  }
  Variable<double> forward(Variable<double> x) override {
    return x * sqrt(x.tape().watch(square)) * x.tape().watch(frozen);
  }
  Parameter<double> square{"square", Shape{2}}, frozen{"frozen", Shape{1}};
};

void train_root(WithRoot& model, std::size_t epochs) {
  const xt::xarray<double> features{{1, 2}, {3, 4}};
  const xt::xarray<int> labels{0, 1};
  const std::vector<std::size_t> rows{0, 1};
  optim::SGD<double> optimizer({&model.square});
  Random random(1);
  training::train(model, {.features = features, .targets = labels, .train = rows},
                  {.optimizer = optimizer, .random = random, .epochs = epochs});
}

}  // namespace

TEST_CASE("an operation on a parameter is named whose gradient is not finite", "[training][train][errors]") {
  WithRoot model;
  CHECK_THROWS_WITH(train_root(model, 1),
                    ContainsSubstring("the gradient of 'sqrt' makes it of finite numbers"));
}

TEST_CASE("train refuses parameters that are not the model's where it would have to keep them",
          "[training][train][errors]") {
  Constant<double> model({0, 0});
  const Labels<double> problem({0, 1, 1, 0}, 4);
  Parameter<double> outside("outside", Shape{1});
  optim::SGD<double> optimizer({&model.bias, &outside});
  Random random(1);
  const std::string rule =
      "train: options.optimizer must train parameters of the model where checkpoints, early stopping or an "
      "average "
      "keep them, got 'outside', which is none; add it to the model";
  CHECK_THROWS_WITH(
      training::train(model, problem.data,
                      {.optimizer = optimizer, .random = random, .checkpoint_directory = "nowhere"}),
      rule);
  CHECK_THROWS_WITH(
      training::train(
          model, problem.data,
          {.optimizer = optimizer, .random = random, .weight_average = optim::WeightAverageOptions{}}),
      rule);
  CHECK_NOTHROW(
      training::train(model, problem.data, {.optimizer = optimizer, .random = random, .epochs = 1}));
}

TEST_CASE("train leaves no gradient, of parameters either that it does not change", "[training][train]") {
  WithRoot model;
  model.square.values()[0] = model.square.values()[1] = 1;
  train_root(model, 3);
  CHECK(values(model.square.grad()) == std::vector<double>{0, 0});
  CHECK(values(model.frozen.grad()) == std::vector<double>{0});
  CHECK(model.frozen.values()[0] == 1);
}

TEST_CASE("train refuses data that do not fit, and changes nothing", "[training][train][errors]") {
  Constant<float> model({0, 0});
  const Labels<float> problem({0, 1, 1, 0, 1}, 3);
  optim::SGD<float> optimizer(model.parameters());
  Random random(1);
  training::Dataset<float> data = problem.data;
  const auto train = [&] { training::train(model, data, {.optimizer = optimizer, .random = random}); };

  const float scalar = 0;
  data.features = {&scalar, Shape{}};
  CHECK_THROWS_WITH(train(), "train: data.features must have rows, got a scalar");
  data = problem.data;
  data.targets = {problem.labels.data(), Shape{4}};
  CHECK_THROWS_WITH(
      train(), "train: data.targets must have one row for each of the 5 rows of features, got shape (4)");
  data = problem.data;
  data.train = {};
  CHECK_THROWS_WITH(train(), "train: data.train must have rows to learn from, got none");
  data.train = {0, 5};
  CHECK_THROWS_WITH(train(), "train: data.train[1] must be below the 5 rows of features, got 5");
  data = problem.data;
  data.validation = {7};
  CHECK_THROWS_WITH(train(), "train: data.validation[0] must be below the 5 rows of features, got 7");
  CHECK(values(model.bias) == std::vector<double>{0, 0});
  CHECK(random == Random(1));
}

TEST_CASE("train refuses options that are out of range", "[training][train][errors]") {
  Constant<float> model({0, 0});
  const Labels<float> problem({0, 1, 1}, 3);
  optim::SGD<float> optimizer(model.parameters());
  Random random(1);
  using Options = training::Options<float>;
  const auto train_with = [&](auto change) {
    Options options{.optimizer = optimizer, .random = random};
    change(options);
    training::train(model, problem.data, options);
  };
  CHECK_THROWS_WITH(train_with([](Options& o) { o.batch_size = 0; }),
                    "train: options.batch_size must be at least 1, got 0");
  CHECK_THROWS_WITH(train_with([](Options& o) { o.validation_rows_at_a_time = 0; }),
                    "train: options.validation_rows_at_a_time must be at least 1, got 0");
  CHECK_THROWS_WITH(train_with([](Options& o) { o.checkpoint_every = 0; }),
                    "train: options.checkpoint_every must be at least 1, got 0");
  CHECK_THROWS_WITH(train_with([](Options& o) { o.keep_checkpoints = 0; }),
                    "train: options.keep_checkpoints must be at least 1, got 0");
  CHECK_THROWS_WITH(train_with([](Options& o) { o.max_gradient_norm = 0; }),
                    "train: options.max_gradient_norm must be above 0, got 0");
  CHECK_THROWS_WITH(train_with([](Options& o) { o.max_gradient_norm = NAN; }),
                    "train: options.max_gradient_norm must be above 0, got nan");
  CHECK_THROWS_WITH(
      train_with([](Options& o) { o.early_stopping.emplace(); }),
      "train: options.early_stopping must have rows in data.validation to measure by, got none");
  CHECK_THROWS_WITH(train_with([](Options& o) { o.weight_average.emplace().decay = 1; }),
                    ContainsSubstring("WeightAverage: decay"));
  CHECK_THROWS_AS(train_with([](Options& o) { o.log = "/no/such/directory/log.csv"; }), FileError);
  CHECK(values(model.bias) == std::vector<double>{0, 0});
  CHECK(random == Random(1));
}

TEST_CASE("train refuses logits and losses of other shapes", "[training][train][errors]") {
  struct Vector : nn::Module<float> {
    Variable<float> forward(Variable<float> x) override { return sum(x, {1}); }
  } vector;
  Constant<float> model({0, 0});
  const Labels<float> problem({0, 1, 1}, 3);
  optim::SGD<float> optimizer(model.parameters());
  Random random(1);
  CHECK_THROWS_WITH(training::train(vector, problem.data, {.optimizer = optimizer, .random = random}),
                    "train: the model must make logits (3, classes) of 3 rows, got (3)");
  CHECK_THROWS_WITH(training::train(model, problem.data,
                                    {.optimizer = optimizer,
                                     .random = random,
                                     .loss =
                                         [](auto logits, auto labels) {
                                           return losses::softmax_cross_entropy(
                                               logits, labels, {.reduction = losses::Reduction::none});
                                         }}),
                    "train: options.loss must give a scalar, got shape (3); take its mean()");
}

TEST_CASE("the example of train's documentation does what it says", "[training][train]") {
  const TemporaryDirectory directory;
  const std::string runs = directory.path();
  Array<float> features(Shape{300, 64});
  Array<std::int64_t> labels(Shape{300});
  for (std::size_t row = 0; row < 300; ++row) {
    labels[row] = static_cast<std::int64_t>(row % 10);
    for (std::size_t i = 0; i < 64; ++i) features[row * 64 + i] = i % 10 == row % 10 ? 1.0F : 0.0F;
  }
  std::FILE* const stdout_of_test = std::tmpfile();

  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Linear>(64, 128, random).add<nn::Relu>().add<nn::Dropout>(0.2, random);
  model.add<nn::Linear>(128, 10, random);
  optim::AdamW<float> optimizer(model.parameters());
  optim::CurveSchedule schedule(optimizer, optim::cosine_decay({.steps = 50}));
  const data::Split split = data::stratified_train_test_split(labels, 0.2, random);

  const training::History history = training::train(
      model, {.features = features, .targets = labels, .train = split.train, .validation = split.test},
      {.optimizer = optimizer,
       .random = random,
       .epochs = 50,
       .loss =
           [](auto logits, auto labels) {
             return losses::softmax_cross_entropy(logits, labels, {.label_smoothing = 0.1});
           },
       .schedule = &schedule,
       .early_stopping = optim::EarlyStoppingOptions{.patience = 5},
       .checkpoint_directory = runs + "/digits",
       .log = runs + "/digits.csv",
       .progress = stdout_of_test});

  CHECK(history.epochs.back().validation_accuracy == 1);
  CHECK(io::Checkpoints(runs + "/digits").newest()->epoch == history.epochs.size());
  CHECK(text_of(stdout_of_test).starts_with("epoch  1/50  loss 2."));
  std::fclose(stdout_of_test);
}
