// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

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

TEST_CASE("accuracy refuses labels of another shape", "[metrics][errors]") {
  CHECK_THROWS_AS(metrics::accuracy(Classes{0, 1}, Classes{0}), ShapeError);
  CHECK_THROWS_WITH(metrics::accuracy(Classes{0, 1}, xt::xarray<int>{{0, 1}}),
                    "accuracy: class_indices must have the shape of predicted (2), got (1, 2)");
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
                    "confusion_matrix: class_indices[0] is -1, but there are classes 0 to 1");
}

TEST_CASE("metrics take arrays of any kind", "[metrics]") {
  const xt::xarray<float> scores{{1, 3}, {2, 0}};
  const auto predicted = metrics::predicted_classes(scores);
  CHECK(metrics::accuracy(predicted, xt::xarray<int>{1, 1}) == 0.5);
  CHECK(metrics::accuracy(std::vector<int>{1, 1}, xt::xarray<int>{1, 1}) == 1);
}
