// SPDX-License-Identifier: BSD-3-Clause
#include <numeric>

#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {
using Classes = std::vector<std::int64_t>;
}

TEMPLATE_TEST_CASE("the predicted class is that of the largest score, the first of equals", "[metrics]",
                   float, double) {
  const TestType infinity = std::numeric_limits<TestType>::infinity();
  const xt::xarray<TestType> scores{
      {1, 3, 2}, {5, 5, 0}, {-infinity, -1, -2}, {0, 0, infinity}, {-9, -9, -9}};
  const Array<std::int64_t> predicted = metrics::predicted_classes(ArrayView<const TestType>(scores));
  CHECK(predicted.shape() == Shape{5});
  CHECK_THAT(values(predicted), AllClose({1, 0, 1, 2, 0}, 0));
  Tape<TestType> tape;
  CHECK_THAT(values(metrics::predicted_classes(tape.borrow(scores))), AllClose({1, 0, 1, 2, 0}, 0));
}

TEST_CASE("no rows have no predicted classes", "[metrics]") {
  CHECK(metrics::predicted_classes(ArrayView<const double>(nullptr, {0, 3})).size() == 0);
}

TEST_CASE("predicted_classes refuses scores that are not rows by classes", "[metrics][errors]") {
  const std::vector<double> flat{1, 2};
  const ArrayView<const double> scores(flat), no_classes(nullptr, {2, 0});
  CHECK_THROWS_AS(metrics::predicted_classes(scores), ShapeError);
  CHECK_THROWS_WITH(metrics::predicted_classes(scores),
                    "predicted_classes: scores must be (rows, classes) with at least one class, got (2)");
  CHECK_THROWS_WITH(metrics::predicted_classes(no_classes),
                    "predicted_classes: scores must be (rows, classes) with at least one class, got (2, 0)");
}

TEST_CASE("predicted_classes refuses a score that is NaN", "[metrics][errors]") {
  const xt::xarray<double> scores{{1, 2}, {3, NAN}};
  CHECK_THROWS_AS(metrics::predicted_classes(ArrayView<const double>(scores)), ArgumentError);
  CHECK_THROWS_WITH(metrics::predicted_classes(ArrayView<const double>(scores)),
                    "predicted_classes: scores must be numbers, got NaN at scores[1, 1]");
}

TEST_CASE("accuracy is the fraction of right predictions", "[metrics]") {
  CHECK(metrics::accuracy(Classes{0, 1, 2, 2}, Classes{0, 1, 1, 2}) == 0.75);
  CHECK(metrics::accuracy(Classes{3}, xt::xarray<unsigned char>{3}) == 1);
  CHECK(metrics::accuracy(Classes{3}, xt::xarray<int>{-3}) == 0);
  CHECK(std::isnan(metrics::accuracy(Classes{}, Classes{})));
}

TEST_CASE("the standard error of an accuracy is that of a mean of zeros and ones", "[metrics]") {
  // Three ones and a zero: their sample variance is 1/4, that of their mean 1/16.
  const metrics::Estimate accuracy = metrics::accuracy(Classes{0, 1, 2, 2}, Classes{0, 1, 1, 2});
  CHECK(accuracy.value == 0.75);
  CHECK_THAT(accuracy.standard_error, WithinRel(0.25, ulps<double>(4)));
  CHECK(accuracy.count == 4);
  CHECK(metrics::accuracy(Classes{1, 1}, Classes{1, 1}).standard_error == 0);
  CHECK(std::isnan(metrics::accuracy(Classes{1}, Classes{1}).standard_error));
  CHECK(std::isnan(metrics::accuracy(Classes{}, Classes{}).standard_error));
  CHECK(metrics::accuracy(Classes{}, Classes{}).count == 0);
}

TEST_CASE("an estimate is used as a number", "[metrics]") {
  const double value = metrics::accuracy(Classes{0, 1}, Classes{0, 0});
  double best = 0.25;
  if (metrics::accuracy(Classes{0, 1}, Classes{0, 0}) > best) best = value;
  CHECK(best == 0.5);
  CHECK(1 - metrics::accuracy(Classes{0, 1, 1, 1}, Classes{0, 0, 0, 0}) == 0.75);
}

TEST_CASE("accuracy refuses labels of another shape", "[metrics][errors]") {
  CHECK_THROWS_AS(metrics::accuracy(Classes{0, 1}, Classes{0}), ShapeError);
  CHECK_THROWS_WITH(metrics::accuracy(Classes{0, 1}, xt::xarray<int>{{0, 1}}),
                    "accuracy: class_indices must have the shape of predicted (2), got (1, 2)");
}

TEMPLATE_TEST_CASE("top-k accuracy is scikit-learn's", "[metrics][top_k]", float, double) {
  // top_k_accuracy_score([0, 1, 2, 2], y_score, k=2), from its documentation; k = 1 and 3 by hand
  const xt::xarray<TestType> scores{
      {0.5f, 0.2f, 0.2f}, {0.3f, 0.4f, 0.2f}, {0.2f, 0.4f, 0.3f}, {0.7f, 0.2f, 0.1f}};
  const Classes labels{0, 1, 2, 2};
  CHECK(metrics::top_k_accuracy(scores, labels, 2) == 0.75);
  CHECK(metrics::top_k_accuracy(scores, labels, 1) == 0.5);
  CHECK(metrics::top_k_accuracy(scores, labels, 3) == 1);
  CHECK_THAT(metrics::top_k_accuracy(scores, labels, 2).standard_error, WithinRel(0.25, ulps<double>(4)));
  CHECK(metrics::top_k_accuracy(scores, labels, 2).count == 4);
}

TEST_CASE("of equal scores the first counts as larger in the top k", "[metrics][top_k]") {
  const xt::xarray<double> scores{{7, 7, 7, 7}};
  for (std::size_t k = 1; k <= 4; ++k) {
    for (std::int64_t y = 0; y < 4; ++y) {
      CHECK(metrics::top_k_accuracy(scores, Classes{y}, k) == (static_cast<std::size_t>(y) < k ? 1 : 0));
    }
  }
  const xt::xarray<double> coarse = xt::round(irregular({50, 6}));
  const xt::xarray<int> labels = xt::cast<int>(xt::round(irregular({50}, 0, 5)));
  CHECK(metrics::top_k_accuracy(coarse, labels, 1) ==
        metrics::accuracy(metrics::predicted_classes(coarse), labels));
}

TEST_CASE("the top k of no rows have no accuracy", "[metrics][top_k]") {
  CHECK(std::isnan(metrics::top_k_accuracy(ArrayView<const double>(nullptr, {0, 3}), Classes{}, 1)));
}

TEST_CASE("top_k_accuracy refuses what it cannot count", "[metrics][top_k][errors]") {
  const xt::xarray<double> scores{{1, 2, 3}, {3, 2, 1}};
  const Classes labels{0, 1};
  CHECK_THROWS_AS(metrics::top_k_accuracy(scores, labels, 0), ArgumentError);
  CHECK_THROWS_WITH(metrics::top_k_accuracy(scores, labels, 0),
                    "top_k_accuracy: k must be 1 to 3, the number of classes of scores (2, 3), got 0");
  CHECK_THROWS_WITH(metrics::top_k_accuracy(scores, labels, 4),
                    "top_k_accuracy: k must be 1 to 3, the number of classes of scores (2, 3), got 4");
  CHECK_THROWS_AS(metrics::top_k_accuracy(scores, Classes{0}, 1), ShapeError);
  CHECK_THROWS_WITH(
      metrics::top_k_accuracy(scores, Classes{0}, 1),
      "top_k_accuracy: class_indices must have one entry for each row of scores (2, 3), got (1)");
  CHECK_THROWS_AS(metrics::top_k_accuracy(scores, Classes{0, 3}, 1), LabelError);
  CHECK_THROWS_WITH(metrics::top_k_accuracy(scores, Classes{0, 3}, 1),
                    "top_k_accuracy: class_indices[1] is 3, but scores (2, 3) has classes 0 to 2");
  CHECK_THROWS_WITH(metrics::top_k_accuracy(xt::xarray<double>{{1, NAN, 3}}, Classes{0}, 1),
                    "top_k_accuracy: scores must be numbers, got NaN at scores[0, 1]");
  CHECK_THROWS_WITH(metrics::top_k_accuracy(Array<float>(Shape{2}), labels, 1),
                    "top_k_accuracy: scores must be (rows, classes) with at least one class, got (2)");
}

TEST_CASE("a confusion matrix counts each true class in its row", "[metrics]") {
  const auto counts = metrics::confusion_matrix(Classes{0, 1, 1, 2, 2, 2}, Classes{0, 1, 2, 2, 2, 0}, 4);
  CHECK(counts.shape() == Shape{4, 4});
  CHECK_THAT(values(counts), AllClose({1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0}, 0));
  CHECK_THAT(values(metrics::confusion_matrix(Classes{}, Classes{}, 1)), AllClose({0}, 0));
}

TEST_CASE("a confusion matrix refuses other shapes and classes that are not there", "[metrics][errors]") {
  CHECK_THROWS_WITH(metrics::confusion_matrix(Classes{0, 1}, Classes{0}, 2),
                    "confusion_matrix: class_indices must have the shape of predicted (2), got (1)");
  CHECK_THROWS_AS(metrics::confusion_matrix(Classes{0, 2}, Classes{0, 1}, 2), LabelError);
  CHECK_THROWS_WITH(metrics::confusion_matrix(Classes{0, 2}, Classes{0, 1}, 2),
                    "confusion_matrix: predicted[1] is 2, but there are classes 0 to 1");
  CHECK_THROWS_WITH(metrics::confusion_matrix(Classes{0, 1}, Classes{-1, 1}, 2),
                    "confusion_matrix: class_indices[0] is -1, but there are classes 0 to 1; to skip such "
                    "samples set ignore_index = -1");
}

TEST_CASE("metrics take arrays of any kind", "[metrics]") {
  const xt::xarray<float> scores{{1, 3}, {2, 0}};
  const auto predicted = metrics::predicted_classes(scores);
  CHECK(metrics::accuracy(predicted, xt::xarray<int>{1, 1}) == 0.5);
  const std::vector<double> flat{1, 3, 2, 0};
  CHECK_THAT(values(metrics::predicted_classes(Array<double>(ArrayView<const double>(flat.data(), {2, 2})))),
             AllClose({1, 0}, 0));
  CHECK_THAT(values(metrics::predicted_classes(ArrayView<const float>(scores))), AllClose({1, 0}, 0));
  CHECK_THAT(values(metrics::predicted_classes(xt::view(scores, xt::range(1, 2)))), AllClose({0}, 0));
  CHECK(metrics::accuracy(std::vector<int>{1, 1}, xt::xarray<int>{1, 1}) == 1);
}

TEST_CASE("accuracy leaves out the rows of ignore_index", "[metrics][ignore_index]") {
  const Classes predicted{0, 1, 2, 0}, labels{0, 1, 1, -1};
  CHECK(metrics::accuracy(predicted, labels) == 0.5);  // as long as it is not named, -1 is wrong
  const metrics::Estimate named = metrics::accuracy(predicted, labels, {.ignore_index = -1});
  CHECK_THAT(named.value, WithinRel(2 / 3.0, ulps<double>(1)));
  CHECK(named.count == 3);
  // 1, 1 and 0 have the sample variance 1/3, their mean 1/9.
  CHECK_THAT(named.standard_error, WithinRel(1 / 3.0, ulps<double>(4)));
  // It may be a class, as where 0 is padding, and then it can still be predicted, which is wrong.
  CHECK(metrics::accuracy(Classes{0, 0, 1, 2}, Classes{0, 1, 1, 1}, {.ignore_index = 0}).count == 3);
  CHECK_THAT(metrics::accuracy(Classes{0, 0, 1, 2}, Classes{0, 1, 1, 1}, {.ignore_index = 0}).value,
             WithinRel(1 / 3.0, ulps<double>(1)));
  CHECK(metrics::accuracy(predicted, labels, {.ignore_index = 7}) == 0.5);
}

TEST_CASE("accuracy with the ignore_index of the loss is what a training reports",
          "[metrics][training][ignore_index]") {
  Random random(1);
  const xt::xarray<double> features = irregular({40, 2});
  std::vector<std::int64_t> labels(40);
  for (std::size_t row = 0; row < 40; ++row)
    labels[row] = row % 4 == 0 ? -1 : static_cast<std::int64_t>(row % 3);
  std::vector<std::size_t> rows(40);
  std::iota(rows.begin(), rows.end(), 0);
  nn::Sequential<double> model;
  model.add<nn::Linear>(2, 3, random);
  optim::SGD<double> optimizer(model.parameters(), {.learning_rate = 0.1});
  const auto history = training::train(
      model, {.features = features, .targets = labels, .train = rows, .validation = rows},
      {.optimizer = optimizer, .random = random, .epochs = 1, .loss = [](auto logits, auto y) {
         return losses::softmax_cross_entropy(logits, y, {.ignore_index = -1});
       }});
  Tape<double> tape;
  const metrics::Estimate accuracy = metrics::accuracy(
      metrics::predicted_classes(model(tape.borrow(features))), labels, {.ignore_index = -1});
  CHECK(accuracy.count == 30);
  CHECK(accuracy == history.epochs[0].validation_accuracy);
}

TEST_CASE("metrics of which ignore_index leaves nothing are those of no rows", "[metrics][ignore_index]") {
  const Classes none{-1, -1};
  const xt::xarray<double> scores{{1, 2}, {2, 1}};
  const metrics::Estimate accuracy = metrics::accuracy(Classes{0, 1}, none, {.ignore_index = -1});
  CHECK(std::isnan(accuracy.value));
  CHECK(accuracy.count == 0);
  CHECK(std::isnan(metrics::top_k_accuracy(scores, none, 1, {.ignore_index = -1})));
  CHECK_THAT(values(metrics::confusion_matrix(Classes{0, 1}, none, 2, {.ignore_index = -1})),
             AllClose({0, 0, 0, 0}, 0));
}

TEST_CASE("top-k accuracy does not look at the rows of ignore_index", "[metrics][top_k][ignore_index]") {
  const xt::xarray<float> scores{{0.5f, 0.2f, 0.3f}, {NAN, NAN, NAN}, {0.2f, 0.4f, 0.3f}, {0.7f, 0.2f, 0.1f}};
  const Classes labels{0, -1, 2, 2};
  CHECK_THAT(metrics::top_k_accuracy(scores, labels, 1, {.ignore_index = -1}).value,
             WithinRel(1 / 3.0, ulps<double>(1)));
  CHECK_THAT(metrics::top_k_accuracy(scores, labels, 2, {.ignore_index = -1}).value,
             WithinRel(2 / 3.0, ulps<double>(1)));
  CHECK(metrics::top_k_accuracy(scores, labels, 3, {.ignore_index = -1}).count == 3);
  CHECK_THROWS_WITH(metrics::top_k_accuracy(scores, labels, 1),
                    "top_k_accuracy: class_indices[1] is -1, but scores (4, 3) has classes 0 to 2; to skip "
                    "such samples set ignore_index = -1");
  // What is wrong in other rows is named by where it stands among all.
  CHECK_THROWS_WITH(metrics::top_k_accuracy(scores, Classes{-1, 0, -1, 5}, 1, {.ignore_index = -1}),
                    "top_k_accuracy: class_indices[3] is 5, but scores (4, 3) has classes 0 to 2");
  CHECK_THROWS_WITH(metrics::top_k_accuracy(scores, Classes{-1, 0, -1, 1}, 1, {.ignore_index = -1}),
                    "top_k_accuracy: scores must be numbers, got NaN at scores[1, 0]");
}

TEST_CASE("a confusion matrix leaves out the rows of ignore_index, whatever was predicted",
          "[metrics][ignore_index]") {
  const Classes predicted{0, 1, 1, -7, 0}, labels{0, 1, 0, -1, -1};
  const auto counts = metrics::confusion_matrix(predicted, labels, 2, {.ignore_index = -1});
  CHECK_THAT(values(counts), AllClose({1, 1, 0, 1}, 0));
  // With the class 0 ignored its row is empty; its column tells what was taken for it.
  CHECK_THAT(values(metrics::confusion_matrix(Classes{0, 0, 1}, Classes{0, 1, 1}, 2, {.ignore_index = 0})),
             AllClose({0, 0, 1, 1}, 0));
  CHECK_THROWS_WITH(metrics::confusion_matrix(Classes{0, 2}, Classes{-1, 1}, 2, {.ignore_index = -1}),
                    "confusion_matrix: predicted[1] is 2, but there are classes 0 to 1");
  // Of class 0 one in two was found, and one in one that was called so is of it.
  const auto report = metrics::classification_report(counts);
  CHECK_THAT(values(report.recall), AllClose({0.5, 1}, 0));
  CHECK_THAT(values(report.precision), AllClose({1, 0.5}, 0));
  CHECK_THAT(values(report.support), AllClose({2, 1}, 0));
  CHECK(metrics::balanced_accuracy(counts) == 0.75);
}
