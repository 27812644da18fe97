// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <set>
#include <stdexcept>

#include "matchers.hpp"
#include "named_arrays_equal.hpp"
#include "temporary_directory.hpp"
#include "training_problem.hpp"
#include "xtape/training/evaluate.hpp"
#include "xtape/training/train.hpp"

using namespace xtape;
using namespace xtape::testing;
using training::Dataset;
using training::Options;

namespace {

std::vector<std::size_t> every_row(std::size_t rows) {
  std::vector<std::size_t> numbers(rows);
  for (std::size_t row = 0; row < rows; ++row) numbers[row] = row;
  return numbers;
}

/// Points of a square, and what is to be said of each.
template <class T>
struct Points {
  static constexpr std::size_t rows = 120;

  Array<T> features{Shape{rows, 2}};
  Array<T> tags{Shape{rows, 2}};  // whether each coordinate is above 0
  Array<T> sums{Shape{rows}};     // 2 x - y + 1

  Points() {
    Random random(3);
    for (std::size_t i = 0; i < rows * 2; ++i) {
      features[i] = static_cast<T>(random.uniform(-1, 1));
      tags[i] = static_cast<T>(features[i] > 0 ? 1 : 0);
    }
    for (std::size_t row = 0; row < rows; ++row)
      sums[row] = 2 * features[2 * row] - features[2 * row + 1] + 1;
  }
};

/// A linear model and what trains it.
template <class T>
struct Linear {
  Random random{1};
  nn::Linear<T> model;
  optim::Adam<T> optimizer;

  explicit Linear(std::size_t outputs, double learning_rate = 0.05)
      : model(2, outputs, random), optimizer(model.parameters(), {.learning_rate = learning_rate}) {}

  Options<T> options(std::size_t epochs) {
    return {.optimizer = optimizer, .random = random, .epochs = epochs, .batch_size = 16};
  }
};

/// The weights after training on a dataset, with a loss or the usual one.
template <class T>
NamedArrays trained(const Dataset<T>& data, std::size_t outputs, const training::Loss<T>& loss = {}) {
  Linear<T> linear(outputs);
  auto options = linear.options(2);
  options.loss = loss;
  training::train(linear.model, data, options);
  return linear.model.state();
}

double metric(const training::History& history, const std::string& name) {
  const auto at = std::find(history.metric_names.begin(), history.metric_names.end(), name);
  REQUIRE(at != history.metric_names.end());
  return history.epochs.back()
      .validation_metrics[static_cast<std::size_t>(at - history.metric_names.begin())];
}

}  // namespace

TEMPLATE_TEST_CASE("a model learns several labels a row", "[training][targets]", float, double) {
  const Points<TestType> points;
  Linear<TestType> linear(2);
  const auto rows = every_row(points.rows);
  const auto history = training::train(linear.model,
                                       {.features = points.features,
                                        .targets = training::multilabel(points.tags),
                                        .train = rows,
                                        .validation = rows},
                                       linear.options(60));
  CHECK(history.targets == training::TargetKind::multilabel);
  CHECK(history.epochs.back().validation_accuracy > 0.95);
  CHECK(metric(history, "hamming_loss") < 0.03);
  CHECK(metric(history, "macro_roc_auc") > 0.99);
  CHECK(metric(history, "micro_average_precision") > 0.99);
}

TEMPLATE_TEST_CASE("a model learns one yes or no a row, given as (rows) or (rows, 1)", "[training][targets]",
                   float, double) {
  const Points<TestType> points;
  std::vector<int> right(points.rows);
  for (std::size_t row = 0; row < points.rows; ++row) right[row] = points.features[2 * row] > 0;
  Linear<TestType> linear(1);
  const auto rows = every_row(points.rows);
  const auto history = training::train(
      linear.model,
      {.features = points.features, .targets = training::binary(right), .train = rows, .validation = rows},
      linear.options(60));
  CHECK(history.epochs.back().validation_accuracy > 0.95);
  CHECK(metric(history, "roc_auc") > 0.99);
  CHECK(metric(history, "average_precision") > 0.99);
}

TEMPLATE_TEST_CASE("a model learns a number a row, which a line gives exactly", "[training][targets]", float,
                   double) {
  const Points<TestType> points;
  Linear<TestType> linear(1);
  const auto rows = every_row(points.rows);
  const auto history = training::train(linear.model,
                                       {.features = points.features,
                                        .targets = training::numbers(points.sums),
                                        .train = rows,
                                        .validation = rows},
                                       linear.options(150));
  CHECK(metric(history, "r_squared") > 0.9999);
  CHECK(metric(history, "root_mean_squared_error") < 0.01);
  CHECK(std::isnan(history.epochs.back().training_accuracy));
  CHECK_THAT(linear.model.state()["weight"].template get<TestType>()[0], WithinAbs(2, 0.02));
}

TEMPLATE_TEST_CASE("the loss of a target is the one that is written out", "[training][targets]", float,
                   double) {
  using T = TestType;
  const Points<T> points;
  const auto rows = every_row(points.rows);
  Array<T> shares(Shape{points.rows, 2});
  for (std::size_t row = 0; row < points.rows; ++row) {
    shares[2 * row] = static_cast<T>(0.25);
    shares[2 * row + 1] = static_cast<T>(0.75);
  }
  std::vector<double> weights(points.rows);
  for (std::size_t row = 0; row < points.rows; ++row) weights[row] = static_cast<double>(row % 3);
  const auto dataset = [&](const training::Targets<T>& targets) {
    return Dataset<T>{.features = points.features, .targets = targets, .train = rows, .weights = weights};
  };
  CHECK(are_same_bits(trained<T>(dataset(training::soft_labels(shares)), 2),
                      trained<T>(dataset(training::soft_labels(shares)), 2, [](auto x, auto y) {
                        return losses::softmax_cross_entropy(x, y, {.sample_weights = y.weights()});
                      })));
  CHECK(are_same_bits(trained<T>(dataset(training::multilabel(points.tags)), 2),
                      trained<T>(dataset(training::multilabel(points.tags)), 2, [](auto x, auto y) {
                        return losses::sigmoid_cross_entropy(x, y,
                                                             {.axis = -1, .sample_weights = y.weights()});
                      })));
  CHECK(are_same_bits(trained<T>(dataset(training::numbers(points.sums)), 1),
                      trained<T>(dataset(training::numbers(points.sums)), 1, [](auto x, auto y) {
                        return losses::squared_error(x, y, {.sample_weights = y.weights()});
                      })));
  const std::vector<std::uint8_t> classes(points.rows, 1);
  CHECK(are_same_bits(trained<T>(dataset(classes), 2), trained<T>(dataset(classes), 2, [](auto x, auto y) {
                        return losses::softmax_cross_entropy(x, y, {.sample_weights = y.weights()});
                      })));
}

TEMPLATE_TEST_CASE("a weight of 2 is a row given twice, and one of 0 a row left out", "[training][targets]",
                   float, double) {
  using T = TestType;
  const Points<T> points;
  const std::vector<std::int64_t> classes{0, 1, 1};
  const std::vector<double> weights{2, 1, 0};
  const auto loss_of = [&](std::vector<std::size_t> rows, bool is_weighted) {
    Linear<T> linear(2);
    Dataset<T> data{.features = {points.features.data(), Shape{3, 2}}, .targets = classes};
    if (is_weighted) data.weights = weights;
    return training::evaluate(linear.model, data, {.rows = std::move(rows)}).loss;
  };
  CHECK_THAT(loss_of({0, 1, 2}, true), WithinRel(loss_of({0, 0, 1}, false), ulps<T>(8)));
}

TEST_CASE("a loss that passes over the weights is refused", "[training][targets][errors]") {
  const Points<float> points;
  const std::vector<double> weights(points.rows, 1);
  const Dataset<float> data{.features = points.features,
                            .targets = training::numbers(points.sums),
                            .train = every_row(points.rows),
                            .weights = weights};
  CHECK_THROWS_WITH(
      trained<float>(data, 1, [](auto x, const auto& y) { return losses::squared_error(x, y); }),
      "train: options.loss must take the data.weights, got one that passes over them; give it "
      "{.sample_weights = targets.weights()}, or a dataset without weights");
}

TEST_CASE("bytes are trained on as the floats that they stand for, bit for bit", "[training][targets]") {
  Array<std::uint8_t> bytes(Shape{60, 2});
  Array<float> floats(Shape{60, 2});
  std::vector<std::uint8_t> labels(60);
  Random random(5);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(random.below(256));
    floats[i] = static_cast<float>(bytes[i] / 255.0);
    labels[i / 2] = bytes[i] > 127;
  }
  const auto rows = every_row(60);
  CHECK(are_same_bits(
      trained<float>({.features = floats, .targets = labels, .train = rows}, 2),
      trained<float>(
          {.features = data::Rows<float>(bytes).scaled(1.0 / 255), .targets = labels, .train = rows}, 2)));
}

TEST_CASE("a store of rows is trained on as an array, bit for bit", "[training][targets]") {
  struct Store {
    const Array<float>& array;
    Shape shape() const { return array.shape(); }
    void read_rows(std::span<const std::size_t> rows, std::span<float> to) const {
      data::Rows<float>(array).read_rows(rows, to);
    }
  };
  const Points<float> points;
  const auto rows = every_row(points.rows);
  const auto targets = training::numbers(points.sums);
  CHECK(are_same_bits(
      trained<float>({.features = points.features, .targets = targets, .train = rows}, 1),
      trained<float>({.features = Store{points.features}, .targets = targets, .train = rows}, 1)));
}

TEST_CASE("what a store throws ends the training", "[training][targets][errors]") {
  struct Broken {
    Shape shape() const { return {100, 2}; }
    void read_rows(std::span<const std::size_t> rows, std::span<float> to) const {
      std::fill(to.begin(), to.end(), 0.5F);
      for (const std::size_t row : rows) {
        if (row == 77) throw std::runtime_error("row 77 is gone");
      }
    }
  };
  const std::vector<int> labels(100, 1);
  CHECK_THROWS_WITH(trained<float>({.features = Broken{}, .targets = labels, .train = every_row(100)}, 2),
                    "row 77 is gone");
}

TEST_CASE("an augmented batch is another one in every epoch, and the same in every training",
          "[training][targets]") {
  const Points<float> points;
  const auto rows = every_row(points.rows);
  const auto train = [&](const training::Augment<float>& augment) {
    Linear<float> linear(1);
    auto options = linear.options(3);
    options.augment = augment;
    training::train(linear.model,
                    {.features = points.features, .targets = training::numbers(points.sums), .train = rows},
                    options);
    return linear.model.state();
  };
  std::vector<double> first_draws;
  const auto noise = [&](ArrayView<float> features, Random& random) {
    CHECK(features.shape()[1] == 2);
    first_draws.push_back(random.uniform());
    for (float& x : features) x += static_cast<float>(random.uniform(-0.1, 0.1));
  };
  const NamedArrays once = train(noise);
  CHECK(first_draws.size() == 3 * 8);
  CHECK(std::set<double>(first_draws.begin(), first_draws.end()).size() == 24);
  CHECK(are_same_bits(once, train(noise)));
  CHECK_FALSE(are_same_bits(once, train({})));
}

TEST_CASE("a training that augments is resumed as if it had never been interrupted", "[training][targets]") {
  const Points<float> points;
  const auto rows = every_row(points.rows);
  const auto train = [&](std::size_t epochs, const std::string& checkpoints) {
    Linear<float> linear(1);
    auto options = linear.options(epochs);
    options.checkpoint_directory = checkpoints;
    options.augment = [](ArrayView<float> features, Random& random) {
      for (float& x : features) x += static_cast<float>(random.uniform(-0.1, 0.1));
    };
    training::train(linear.model,
                    {.features = points.features, .targets = training::numbers(points.sums), .train = rows},
                    options);
    return linear.model.state();
  };
  const TemporaryDirectory directory;
  train(2, directory.path() + "/a");
  CHECK(are_same_bits(train(5, directory.path() + "/a"), train(5, "")));
}

TEMPLATE_TEST_CASE("a balanced loss weighs classes and yes by their frequency in the training rows",
                   "[training][targets]", float, double) {
  using T = TestType;
  const Points<T> points;
  std::vector<int> rare(points.rows);
  for (std::size_t row = 0; row < points.rows; ++row) rare[row] = row % 10 == 0;
  const auto rows = every_row(100);  // 10 yes, 90 no
  const auto train = [&](const training::Targets<T>& targets, std::size_t outputs, bool balance,
                         const training::Loss<T>& loss) {
    Linear<T> linear(outputs);
    auto options = linear.options(2);
    options.balance_loss = balance;
    options.loss = loss;
    training::train(linear.model, {.features = points.features, .targets = targets, .train = rows}, options);
    return linear.model.state();
  };
  CHECK(are_same_bits(train(training::binary(rare), 1, true, {}),
                      train(training::binary(rare), 1, false, [](auto x, auto y) {
                        return losses::sigmoid_cross_entropy(x, y, {.pos_weight = 9});
                      })));
  const auto class_weights = losses::balanced_class_weights({90, 10});
  CHECK(are_same_bits(train(rare, 2, true, {}), train(rare, 2, false, [&](auto x, auto y) {
                        return losses::softmax_cross_entropy(x, y, {.class_weights = class_weights});
                      })));
}

TEST_CASE("a log has the columns of its targets", "[training][targets]") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/log.csv";
  const Points<float> points;
  const auto rows = every_row(points.rows);
  Linear<float> linear(1);
  auto options = linear.options(3);
  options.log = path;
  const auto history = training::train(linear.model,
                                       {.features = points.features,
                                        .targets = training::numbers(points.sums),
                                        .train = rows,
                                        .validation = rows},
                                       options);
  const auto table = data::read_csv(path);
  CHECK(table.columns() ==
        std::vector<std::string>{"epoch", "learning_rate", "training_loss", "validation_loss",
                                 "validation_r_squared", "validation_mean_absolute_error",
                                 "validation_root_mean_squared_error", "skipped_batches", "seconds"});
  CHECK(table.rows() == 3);
}

TEST_CASE("early stopping by the highest takes R^2 of numbers", "[training][targets]") {
  const Points<float> points;
  const auto rows = every_row(points.rows);
  Linear<float> linear(1);
  auto options = linear.options(4);
  options.early_stopping = optim::EarlyStoppingOptions{.patience = 4, .mode = optim::Mode::max};
  const auto history = training::train(linear.model,
                                       {.features = points.features,
                                        .targets = training::numbers(points.sums),
                                        .train = rows,
                                        .validation = rows},
                                       options);
  CHECK(history.best_epoch == 4);  // it gets better all the time
}

TEST_CASE("targets that do not fit are refused by name", "[training][targets][errors]") {
  const Points<float> points;
  const auto rows = every_row(points.rows);
  const auto train = [&](const training::Targets<float>& targets, std::size_t outputs, auto change) {
    Linear<float> linear(outputs);
    auto options = linear.options(1);
    change(options);
    training::train(linear.model, {.features = points.features, .targets = targets, .train = rows}, options);
  };
  const auto unchanged = [](auto&) {};
  CHECK_THROWS_WITH(train(training::multilabel(points.sums), 2, unchanged),
                    "train: data.targets must be (rows, labels) of multi-label targets, got (120)");
  CHECK_THROWS_WITH(
      train(training::binary(points.tags), 1, unchanged),
      "train: data.targets must be (rows) of binary targets, got (120, 2); several labels a row are "
      "training::multilabel()");
  CHECK_THROWS_WITH(train(training::multilabel(points.tags), 3, unchanged),
                    "train: the model must make logits (16, 2) of 16 rows, as the targets are, got (16, 3)");
  CHECK_THROWS_WITH(train(training::binary(points.sums), 1, unchanged),
                    Catch::Matchers::StartsWith("train: binary targets must be 0 or 1, got "));
  CHECK_THROWS_WITH(train(training::numbers(points.sums), 1, [](auto& options) { options.ignore_index = 0; }),
                    "train: options.ignore_index must be of class indices, got numbers targets; a weight of "
                    "0 leaves a row out");
  CHECK_THROWS_WITH(
      train(training::numbers(points.sums), 1, [](auto& options) { options.balance_loss = true; }),
      "train: options.balance_loss must be of class indices, binary or multi-label targets, got "
      "numbers ones");
  CHECK_THROWS_WITH(train(training::numbers(points.sums), 1,
                          [](auto& options) {
                            options.loss = [](auto x, ArrayView<const std::int64_t> y) {
                              return losses::softmax_cross_entropy(x, y);
                            };
                          }),
                    Catch::Matchers::StartsWith(
                        "BatchTargets::class_indices: the targets must be class indices, got numbers"));
}

TEMPLATE_TEST_CASE("evaluate measures what a training does by its validation rows", "[training][evaluate]",
                   float, double) {
  const Points<TestType> points;
  Linear<TestType> linear(2);
  const auto rows = every_row(points.rows);
  const Dataset<TestType> data{.features = points.features,
                               .targets = training::multilabel(points.tags),
                               .train = rows,
                               .validation = rows};
  const auto history = training::train(linear.model, data, linear.options(2));
  linear.model.train();
  const auto measured = training::evaluate(linear.model, data, {.rows_at_a_time = 7});
  CHECK(linear.model.is_training());
  CHECK(measured.loss == history.epochs.back().validation_loss);
  CHECK(measured.accuracy == history.epochs.back().validation_accuracy);
  REQUIRE(measured.metrics.size() == history.metric_names.size());
  for (std::size_t i = 0; i < measured.metrics.size(); ++i) {
    CHECK(measured.metrics[i].first == history.metric_names[i]);
    CHECK(measured.metrics[i].second == history.epochs.back().validation_metrics[i]);
  }
}

TEMPLATE_TEST_CASE("predict gives each row what the model makes of it, however many it takes at a time",
                   "[training][evaluate]", float, double) {
  const Points<TestType> points;
  Linear<TestType> linear(3);
  Tape<TestType> tape;
  const auto expected = linear.model(tape.borrow(points.features));
  for (const std::size_t at_a_time : {1U, 7U, 120U, 1000U}) {
    const Array<TestType> predicted = training::predict(linear.model, points.features, at_a_time);
    CHECK(predicted.shape() == Shape{120, 3});
    for (std::size_t i = 0; i < predicted.size(); ++i) {
      CHECK_THAT(predicted[i], WithinAbs(expected.values()[i], ulps<TestType>(4)));
    }
  }
  CHECK(training::predict(linear.model, Array<TestType>(Shape{0, 2})).shape() == Shape{0, 3});
  CHECK_THROWS_WITH(training::predict(linear.model, points.features, 0),
                    "predict: rows_at_a_time must be at least 1, got 0");
}

TEST_CASE("rows of several shapes from one model are refused", "[training][evaluate][errors]") {
  struct Widening : nn::Module<float> {
    std::size_t width = 1;
    Variable<float> forward(Variable<float> x) override {
      return x.tape().constant(Array<float>(Shape{x.shape()[0], ++width}));
    }
  } model;
  const Points<float> points;
  CHECK_THROWS_WITH(training::predict(model, points.features, 100),
                    "predict: the model must give rows of one shape, got (20, 3) after others of (120, 2)");
  model.width = 1;
  const std::vector<int> labels(points.rows);
  CHECK_THROWS_WITH(
      training::evaluate(model, {.features = points.features, .targets = labels}, {.rows_at_a_time = 100}),
      "evaluate: the model must give rows of one shape, got (20, 3) after others of (120, 2)");
}

TEST_CASE("binary targets are looked at before they are balanced", "[training][targets][errors]") {
  const Points<float> points;
  Linear<float> linear(1);
  auto options = linear.options(1);
  options.balance_classes = true;
  CHECK_THROWS_WITH(training::train(linear.model,
                                    {.features = points.features,
                                     .targets = training::binary(points.sums),
                                     .train = every_row(points.rows)},
                                    options),
                    Catch::Matchers::StartsWith("train: binary targets must be 0 or 1, got "));
}

TEST_CASE("a NaN that augmentation makes is found", "[training][targets][errors]") {
  const Points<float> points;
  Linear<float> linear(1);
  auto options = linear.options(1);
  options.augment = [](ArrayView<float> features, Random&) { features[1] = static_cast<float>(NaN); };
  CHECK_THROWS_WITH(
      training::train(linear.model,
                      {.features = points.features, .targets = training::numbers(points.sums), .train = {7}},
                      options),
      ContainsSubstring(": augmented features[7, 1] of data is nan; leave such rows out"));
}
