// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>

#include "array_stream.hpp"
#include "matchers.hpp"
#include "named_arrays_equal.hpp"
#include "temporary_directory.hpp"
#include "threads_as_ranks.hpp"
#include "training_problem.hpp"
#include "xtape/training/evaluate.hpp"
#include "xtape/training/train.hpp"

using namespace xtape;
using namespace xtape::testing;
using training::Options;
using training::StreamDataset;
using training::TargetKind;

namespace training_streams_test {
namespace {

using Order = std::vector<std::size_t>;

/// Points of a square, and what is to be said of each.
template <class T>
struct Points {
  std::size_t rows;
  Array<T> features{Shape{rows, 2}};
  Array<std::int64_t> classes{Shape{rows}};
  Array<T> shares{Shape{rows, 2}};  // of two classes
  Array<T> tags{Shape{rows, 2}};    // whether each coordinate is above 0
  Array<T> is_right{Shape{rows}};   // whether the first is
  Array<T> sums{Shape{rows}};       // 2 x - y + 1
  std::vector<double> weights;

  explicit Points(std::size_t count = 120) : rows(count) {
    Random random(3);
    for (std::size_t row = 0; row < rows; ++row) {
      for (const std::size_t i : {2 * row, 2 * row + 1}) {
        features[i] = static_cast<T>(random.uniform(-1, 1));
        tags[i] = static_cast<T>(features[i] > 0 ? 1 : 0);
      }
      is_right[row] = tags[2 * row];
      classes[row] = tags[2 * row] > 0 ? 1 : 0;
      shares[2 * row] = static_cast<T>(row % 3) / 2;
      shares[2 * row + 1] = 1 - shares[2 * row];
      sums[row] = 2 * features[2 * row] - features[2 * row + 1] + 1;
      weights.push_back(static_cast<double>(row % 4));
    }
  }
};

/// A linear model and what trains it.
template <class T>
struct Linear {
  Random random{1};
  nn::Linear<T> model;
  optim::Adam<T> optimizer;

  explicit Linear(std::size_t outputs)
      : model(2, outputs, random), optimizer(model.parameters(), {.learning_rate = 0.05}) {}

  Options<T> options(std::size_t epochs) {
    return {.optimizer = optimizer, .random = random, .epochs = epochs, .batch_size = 16};
  }
};

template <class T>
NamedArrays trained(const StreamDataset<T>& data, std::size_t outputs,
                    const std::function<void(Options<T>&)>& change = {}) {
  Linear<T> linear(outputs);
  auto options = linear.options(2);
  if (change) change(options);
  training::train(linear.model, data, options);
  return linear.model.state();
}

/// The weights after two epochs of a loop that takes 16 rows after the other, in their order.
/// @param loss_of  of outputs and the rows [begin, end)
template <class T, class LossOf>
NamedArrays trained_by_hand(const Points<T>& points, std::size_t outputs, LossOf loss_of) {
  Linear<T> linear(outputs);
  Tape<T> tape;
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (std::size_t begin = 0; begin < points.rows; begin += 16) {
      const std::size_t end = std::min(points.rows, begin + 16);
      const auto frame = tape.frame();
      const ArrayView<const T> features(points.features.data() + 2 * begin, Shape{end - begin, 2});
      loss_of(linear.model(tape.borrow(features)), begin, end).backward();
      linear.optimizer.step();
      linear.optimizer.zero_grad();
    }
  }
  return linear.model.state();
}

template <class U>
ArrayView<const U> part(const Array<U>& array, std::size_t begin, std::size_t end) {
  const std::size_t width = array.size() / array.shape()[0];
  return {array.data() + begin * width,
          array.shape().rank() == 1 ? Shape{end - begin} : Shape{end - begin, width}};
}

/// The rows of each epoch in the order in which they are learned.
struct Orders {
  std::vector<Order> of_epochs;
  Linear<float> linear{2};

  Orders(data::RowStream<float>& stream, std::size_t window, std::size_t batch_size, std::size_t epochs,
         bool drop_last = false, std::uint64_t seed = 1) {
    linear.random = Random(seed);
    auto options = linear.options(epochs);
    options.batch_size = batch_size;
    options.drop_last = drop_last;
    Order order;
    options.loss = [&order](auto x, const auto& y) {
      order.insert(order.end(), y.rows().begin(), y.rows().end());
      return losses::softmax_cross_entropy(x, y);
    };
    training::train(linear.model, {.stream = stream, .window = window}, options,
                    {.on_epoch = [&](const training::History&) {
                      of_epochs.push_back(std::exchange(order, {}));
                      return true;
                    }});
  }
};

Order in_order(std::size_t rows) {
  Order order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

Order sorted(Order order) {
  std::sort(order.begin(), order.end());
  return order;
}

/// Pearson's statistic.
double chi_square(const std::vector<double>& counts, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += (counts[i] - expected[i]) * (counts[i] - expected[i]) / expected[i];
  }
  return sum;
}

/// What a stream does wrong.
struct Wrong : data::RowStream<float> {
  std::function<std::size_t(std::size_t rows, std::span<float> features, std::span<float> targets)> give;
  std::size_t given = 0;
  Shape shape_of_target;

  Shape feature_shape() const override { return {2}; }
  Shape target_shape() const override { return shape_of_target; }
  void rewind() override { given = 0; }
  std::size_t read(std::size_t rows, std::span<float> features, std::span<float> targets,
                   std::span<double>) override {
    std::fill(features.begin(), features.end(), 0.5F);
    std::fill(targets.begin(), targets.end(), 1.0F);
    const std::size_t count = give(rows, features, targets);
    given += count;
    return count;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("through a window of 1 a stream trains as a loop over arrays in their order, bit for bit",
                   "[training][streams]", float, double) {
  using T = TestType;
  const Points<T> points;
  const auto streamed = [&](const auto& targets, TargetKind kind, std::size_t outputs) {
    ArrayStream<T> stream(points.features, targets);
    return trained<T>({.stream = stream, .kind = kind, .window = 1}, outputs);
  };
  CHECK(are_same_bits(streamed(points.classes, TargetKind::class_indices, 2),
                      trained_by_hand(points, 2, [&](auto x, auto begin, auto end) {
                        return losses::softmax_cross_entropy(x, Indices(part(points.classes, begin, end)));
                      })));
  CHECK(are_same_bits(streamed(points.shares, TargetKind::soft_labels, 2),
                      trained_by_hand(points, 2, [&](auto x, auto begin, auto end) {
                        return losses::softmax_cross_entropy(x, part(points.shares, begin, end));
                      })));
  CHECK(are_same_bits(streamed(points.tags, TargetKind::multilabel, 2),
                      trained_by_hand(points, 2, [&](auto x, auto begin, auto end) {
                        return losses::sigmoid_cross_entropy(x, part(points.tags, begin, end), {.axis = -1});
                      })));
  CHECK(are_same_bits(streamed(points.is_right, TargetKind::binary, 1),
                      trained_by_hand(points, 1, [&](auto x, auto begin, auto end) {
                        return losses::sigmoid_cross_entropy(reshape(x, {end - begin}),
                                                             part(points.is_right, begin, end));
                      })));
  CHECK(are_same_bits(streamed(points.sums, TargetKind::numbers, 1),
                      trained_by_hand(points, 1, [&](auto x, auto begin, auto end) {
                        return losses::squared_error(reshape(x, {end - begin}),
                                                     part(points.sums, begin, end));
                      })));
}

TEMPLATE_TEST_CASE("the weights of a stream are those of its rows", "[training][streams]", float, double) {
  using T = TestType;
  const Points<T> points;
  ArrayStream<T> stream(points.features, points.sums, points.weights);
  const auto by_hand = trained_by_hand(points, 1, [&](auto x, auto begin, auto end) {
    const losses::Weights weights(ArrayView<const double>(points.weights.data() + begin, Shape{end - begin}));
    return losses::squared_error(reshape(x, {end - begin}), part(points.sums, begin, end),
                                 {.sample_weights = weights});
  });
  const StreamDataset<T> data{.stream = stream, .kind = TargetKind::numbers, .window = 1};
  CHECK(are_same_bits(trained<T>(data, 1), by_hand));
  CHECK_THROWS_WITH(trained<T>(data, 1,
                               [](auto& options) {
                                 options.loss = [](auto x, const auto& y) {
                                   return losses::squared_error(x, y);
                                 };
                               }),
                    Catch::Matchers::StartsWith("train: options.loss must take the data.weights"));
}

TEST_CASE("every row of a stream comes exactly once an epoch", "[training][streams]") {
  for (const std::size_t rows : {1U, 5U, 120U}) {
    const Points<float> points(rows);
    ArrayStream<float> stream(points.features, points.classes);
    for (const std::size_t window : {1U, 2U, 7U, 120U, 1000U}) {
      for (const std::size_t batch_size : {1U, 16U, 1000U}) {
        INFO(rows << " rows, window " << window << ", batches of " << batch_size);
        const Orders orders(stream, window, batch_size, 2);
        REQUIRE(orders.of_epochs.size() == 2);
        for (const Order& order : orders.of_epochs) CHECK(sorted(order) == in_order(rows));
        if (window == 1) CHECK(orders.of_epochs[1] == in_order(rows));
      }
    }
  }
}

TEST_CASE("a last batch that is smaller is left out of a stream where that is asked for",
          "[training][streams]") {
  const Points<float> points;
  ArrayStream<float> stream(points.features, points.classes);
  const Orders orders(stream, 10, 16, 1, true);
  CHECK(orders.of_epochs[0].size() == 112);
  CHECK(std::set<std::size_t>(orders.of_epochs[0].begin(), orders.of_epochs[0].end()).size() == 112);
  CHECK_THROWS_WITH(Orders(stream, 10, 121, 1, true),
                    "train: options.batch_size must be at most the 120 rows of an epoch, of which drop_last "
                    "would leave none, got 121");
}

TEST_CASE("a row comes no earlier than the window lets it, and in another order in every epoch",
          "[training][streams]") {
  const Points<float> points;
  ArrayStream<float> stream(points.features, points.classes);
  const Orders orders(stream, 10, 16, 20), again(stream, 10, 16, 20);
  CHECK(orders.of_epochs == again.of_epochs);
  CHECK(std::set<Order>(orders.of_epochs.begin(), orders.of_epochs.end()).size() == 20);
  CHECK(Orders(stream, 10, 16, 20, false, 2).of_epochs[0] != orders.of_epochs[0]);
  for (const Order& order : orders.of_epochs) {
    for (std::size_t i = 0; i < order.size(); ++i) CHECK(order[i] < i + 10);
  }
}

TEST_CASE("through a window that holds the stream every order is equally likely", "[training][streams]") {
  const Points<float> points(4);
  ArrayStream<float> stream(points.features, points.classes);
  for (const std::size_t window : {4U, 100U}) {
    std::map<Order, double> counts;
    for (const Order& order : Orders(stream, window, 3, 2400).of_epochs) ++counts[order];
    CHECK(counts.size() == 24);
    std::vector<double> of_orders;
    for (const auto& [order, count] : counts) of_orders.push_back(count);
    // 23 degrees of freedom: above 49.7 once in a thousand.
    CHECK(chi_square(of_orders, std::vector<double>(of_orders.size(), 100)) < 49.7);
  }
}

TEST_CASE("a row leaves the window with every draw as likely as the others there", "[training][streams]") {
  // Row 0 stands in a window of 3 from the begin, and leaves it with draw k if it was not drawn before: with
  // probability 1/3 (2/3)^k while the window is full, which it is for the first 17 of 20 draws.
  const Points<float> points(20);
  ArrayStream<float> stream(points.features, points.classes);
  constexpr std::size_t epochs = 3000;
  std::vector<double> counts(9), expected(9);
  for (const Order& order : Orders(stream, 3, 20, epochs).of_epochs) {
    ++counts[std::min<std::size_t>(8,
                                   static_cast<std::size_t>(std::ranges::find(order, 0U) - order.begin()))];
  }
  for (std::size_t k = 0; k < 8; ++k) {
    expected[k] = epochs * std::pow(2.0 / 3, static_cast<double>(k)) / 3;
  }
  expected[8] = epochs * std::pow(2.0 / 3, 8);
  // 8 degrees of freedom: above 26.1 once in a thousand.
  CHECK(chi_square(counts, expected) < 26.1);
}

TEMPLATE_TEST_CASE("a stream is measured by rows of a dataset", "[training][streams]", float, double) {
  using T = TestType;
  const Points<T> points;
  ArrayStream<T> stream(points.features, points.tags);
  const training::Dataset<T> measured_by{.features = points.features,
                                         .targets = training::multilabel(points.tags),
                                         .validation = {3, 1, 50, 51, 52, 53, 119}};
  Linear<T> linear(2);
  const auto history = training::train(
      linear.model, {.stream = stream, .kind = TargetKind::multilabel, .measured_by = measured_by},
      linear.options(2));
  const auto measured = training::evaluate(linear.model, measured_by, {.rows = measured_by.validation});
  CHECK(history.targets == TargetKind::multilabel);
  CHECK(history.epochs.back().validation_loss == measured.loss);
  CHECK(history.epochs.back().validation_accuracy == measured.accuracy);
  REQUIRE(history.epochs.back().validation_metrics.size() == measured.metrics.size());
  CHECK(history.best_epoch == 2);
}

TEST_CASE("batches of a stream are counted once an epoch has shown how many there are",
          "[training][streams]") {
  const Points<float> points;
  ArrayStream<float> stream(points.features, points.classes);
  Linear<float> linear(2);
  std::vector<std::size_t> counts;
  training::train(linear.model, {.stream = stream}, linear.options(2),
                  {.on_batch = [&](const training::Batch& batch) { counts.push_back(batch.count); }});
  CHECK(counts == std::vector<std::size_t>{0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8, 8, 8, 8, 8});
}

TEMPLATE_TEST_CASE("a training on a stream is resumed as if it had never been interrupted",
                   "[training][streams]", float, double) {
  using T = TestType;
  const Clouds<T> clouds(160);
  const auto train = [&](std::size_t epochs, const std::string& checkpoints, bool is_measured) {
    ArrayStream<T> stream(clouds.features, clouds.labels);
    WholeTraining<T> training(3);  // with Dropout, which draws from Options::random too
    auto options = training.options(epochs);
    options.checkpoint_directory = checkpoints;
    options.augment = [](ArrayView<T> features, Random& random) {
      for (T& x : features) x += static_cast<T>(random.uniform(-0.1, 0.1));
    };
    if (!is_measured) options.early_stopping.reset();
    training::train(
        training.model,
        {.stream = stream, .window = 50, .measured_by = is_measured ? clouds.data : training::Dataset<T>{}},
        options);
    return training.model.state();
  };
  for (const bool is_measured : {false, true}) {
    const TemporaryDirectory directory;
    train(2, directory / "a", is_measured);
    CHECK(are_same_bits(train(5, directory / "a", is_measured), train(5, "", is_measured)));
  }
}

TEST_CASE("with fixed shards one, two and four ranks give the same weights on a stream, bit for bit",
          "[training][streams][distributed]") {
  const Clouds<float> clouds(152);
  const auto trained_on = [&](std::size_t ranks) {
    std::vector<NamedArrays> states(ranks);
    ThreadsAsRanks(ranks).run([&](distributed::Communicator& communicator) {
      ArrayStream<float> stream(clouds.features, clouds.labels, std::vector<double>(152, 1));
      WholeTraining<float> training(3);
      auto options = training.options(3);
      options.shards = 4;
      options.communicator = &communicator;
      options.augment = [](ArrayView<float> features, Random& random) {
        for (float& x : features) x += static_cast<float>(random.uniform(-0.1, 0.1));
      };
      training::train(training.model, {.stream = stream, .window = 50, .measured_by = clouds.data}, options);
      states[communicator.rank()] = training.model.state();
    });
    return states;
  };
  const auto by_one = trained_on(1);
  for (const std::size_t ranks : {2U, 4U}) {
    for (const NamedArrays& state : trained_on(ranks)) CHECK(are_same_bits(state, by_one[0]));
  }
}

TEST_CASE("a training on a stream does not go on with another stream, window or loss",
          "[training][streams][errors]") {
  Points<float> points;
  const TemporaryDirectory directory;
  const auto train = [&](std::size_t window, double factor) {
    ArrayStream<float> stream(points.features, points.classes);
    trained<float>({.stream = stream, .window = window}, 2, [&](auto& options) {
      options.checkpoint_directory = directory.path();
      options.epochs = window;  // lengthens it, which is no change
      options.loss = [factor](auto x, const auto& y) {
        return losses::softmax_cross_entropy(x, y) * static_cast<float>(factor);
      };
    });
  };
  train(5, 1);
  CHECK_THROWS_WITH(train(6, 1), ContainsSubstring("\n  data.window: 5 in the checkpoint, 6 now\n"));
  CHECK_THROWS_WITH(train(5, 2),
                    ContainsSubstring("\n  the loss of the first rows of data.stream by its weights: "));
  points.features[239] += 1;
  CHECK_THROWS_WITH(train(5, 1),
                    ContainsSubstring("\n  features of the first rows of data.stream: 120 rows of (2), "
                                      "CRC-32 "));
}

TEST_CASE("what a stream throws ends the training, and nothing hangs", "[training][streams][errors]") {
  for (const std::size_t window : {1U, 50U, 1000U}) {
    Wrong stream;
    stream.give = [&](std::size_t rows, auto...) -> std::size_t {
      if (stream.given + rows > 300) throw std::runtime_error("the line is dead");
      return rows;
    };
    CHECK_THROWS_WITH(trained<float>({.stream = stream, .window = window}, 2), "the line is dead");
  }
}

TEST_CASE("what a step throws while a stream is read ends the training", "[training][streams][errors]") {
  const Points<float> points;
  ArrayStream<float> stream(points.features, points.classes);
  int calls = 0;
  CHECK_THROWS_WITH(trained<float>({.stream = stream}, 2,
                                   [&](auto& options) {
                                     options.loss = [&](auto x, const auto& y) {
                                       if (++calls == 5) throw std::runtime_error("the fifth");
                                       return losses::softmax_cross_entropy(x, y);
                                     };
                                   }),
                    "the fifth");
}

TEST_CASE("a stream that gives too much, nothing, or what is no target is refused by name",
          "[training][streams][errors]") {
  Wrong stream;
  const auto train = [&](TargetKind kind) { trained<float>({.stream = stream, .kind = kind}, 2); };

  stream.give = [](std::size_t rows, auto...) { return rows + 1; };
  CHECK_THROWS_WITH(train(TargetKind::class_indices),
                    "train: data.stream must give at most the 16 rows that are asked for, got 17");
  stream.give = [](auto...) { return std::size_t{0}; };
  CHECK_THROWS_WITH(train(TargetKind::class_indices),
                    "train: data.stream must give rows to learn from, got none in epoch 1");

  const auto give_40 = [&](float feature, float target) {
    stream.give = [&, feature, target](std::size_t rows, auto features, auto targets) {
      const std::size_t count = std::min(rows, 40 - stream.given);
      for (std::size_t i = 0; i < count; ++i) {
        if (stream.given + i != 37) continue;
        features[2 * i + 1] = feature;
        targets[i] = target;
      }
      return count;
    };
  };
  give_40(0, 0.5F);
  CHECK_THROWS_WITH(train(TargetKind::class_indices),
                    "train: data.stream must give class indices, got the target 0.5 in row 37");
  give_40(0, std::numeric_limits<float>::infinity());
  CHECK_THROWS_WITH(train(TargetKind::class_indices),
                    "train: data.stream must give class indices, got the target inf in row 37");
  give_40(0, 2);
  CHECK_THROWS_AS(train(TargetKind::class_indices), LabelError);
  give_40(std::numeric_limits<float>::quiet_NaN(), 1);
  CHECK_THROWS_WITH(train(TargetKind::class_indices),
                    ContainsSubstring("features[37, 1] of data.stream is nan; leave such rows out"));
}

TEST_CASE("options and rows that make no sense for a stream are refused by name",
          "[training][streams][errors]") {
  const Points<float> points;
  ArrayStream<float> stream(points.features, points.classes);
  const auto train = [&](StreamDataset<float> data, const std::function<void(Options<float>&)>& change = {}) {
    trained<float>(data, 2, change);
  };
  CHECK_THROWS_WITH(train({.stream = stream, .window = 0}), "train: data.window must be at least 1, got 0");
  const std::string is_false =
      " must be false for a stream, whose targets are not known in advance, got true; give a loss with "
      "class_weights or pos_weight";
  CHECK_THROWS_WITH(train({.stream = stream}, [](auto& options) { options.balance_classes = true; }),
                    "train: options.balance_classes" + is_false);
  CHECK_THROWS_WITH(train({.stream = stream}, [](auto& options) { options.balance_loss = true; }),
                    "train: options.balance_loss" + is_false);
  CHECK_THROWS_WITH(train({.stream = stream},
                          [](auto& options) { options.early_stopping = optim::EarlyStoppingOptions{}; }),
                    "train: options.early_stopping must have rows in data.measured_by.validation to measure "
                    "by, got none");
  CHECK_THROWS_WITH(train({.stream = stream, .kind = TargetKind::multilabel}),
                    "train: data.stream.target_shape() must be (labels) for targets of the kind multilabel, "
                    "got ()");
  ArrayStream<float> tables(points.features, points.tags);
  CHECK_THROWS_WITH(train({.stream = tables}),
                    "train: data.stream.target_shape() must be () for targets of the kind class_indices, got "
                    "(2)");

  training::Dataset<float> measured_by{.features = points.features, .targets = points.classes};
  CHECK_THROWS_WITH(train({.stream = stream, .measured_by = measured_by}),
                    "train: data.measured_by.validation must say which rows to measure by, got none");
  measured_by.validation = {120};
  CHECK_THROWS_WITH(train({.stream = stream, .measured_by = measured_by}),
                    "train: data.measured_by.validation[0] must be below the 120 rows of features, got 120");
  measured_by.validation = {119};
  measured_by.targets = training::binary(points.is_right);
  CHECK_THROWS_WITH(train({.stream = stream, .measured_by = measured_by}),
                    "train: data.measured_by.targets must be class_indices, as data.kind says, got binary");
  measured_by.targets = points.classes;
  measured_by.features = {points.features.data(), Shape{120, 1}};
  CHECK_THROWS_WITH(train({.stream = stream, .measured_by = measured_by}),
                    "train: data.measured_by.features must have rows of (2), as data.stream has, got "
                    "(120, 1)");
  measured_by.features = {points.features.data(), Shape{60, 2}};
  CHECK_THROWS_WITH(train({.stream = stream, .measured_by = measured_by}),
                    "train: data.measured_by.targets must have one row for each of the 60 rows of features, "
                    "got shape (120)");
}

}  // namespace training_streams_test
