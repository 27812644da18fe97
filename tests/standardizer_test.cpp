// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::Standardizer;

TEMPLATE_TEST_CASE("features are brought to the mean and deviation of the training rows",
                   "[data][standardizer]", float, double) {
  const xt::xarray<TestType> features{{1, 10, 5}, {100, 100, 100}, {2, 10, 7}, {4, 10, -3}};
  Standardizer<TestType> standardizer;
  standardizer.fit(features, std::vector<std::size_t>{0, 2, 3});
  // numpy: mean(0) and std(0) of these rows, 1 for the constant column.
  CHECK_THAT(values(standardizer.means()), AllClose({7.0 / 3, 10, 3}, 1e-15));
  CHECK_THAT(values(standardizer.scales()), AllClose({1.247219128924647, 1, 4.320493798938574}, 1e-15));
  const std::vector<double> expected{
      -1.0690449676496978, 0.0, 0.4629100498862757, 78.30754388034036,  90.0, 22.451137419484372,
      -0.2672612419124245, 0.0, 0.9258200997725514, 1.3363062095621219, 0.0,  -1.3887301496588271};
  const Array<TestType> applied = standardizer.applied(features);
  CHECK(applied.shape() == Shape{4, 3});
  // The mean is rounded to double, which counts where an element is near it.
  CHECK_THAT(values(applied), AllClose(expected, ulps<TestType>(4), ulps<double>(2)));
  xt::xarray<TestType> in_place = features;
  standardizer.apply(in_place);
  CHECK_THAT(values(in_place), AllClose(values(applied), 0));
}

TEMPLATE_TEST_CASE("standardized features have mean 0 and variance 1", "[data][standardizer]", float,
                   double) {
  const xt::xarray<TestType> features = irregular({1000, 3}, -5, 90);
  Standardizer<TestType> standardizer;
  standardizer.fit(features);
  const Array<TestType> applied = standardizer.applied(features);
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0, squares = 0;
    for (std::size_t row = 0; row < 1000; ++row) {
      sum += applied[row * 3 + c];
      squares += static_cast<double>(applied[row * 3 + c]) * applied[row * 3 + c];
    }
    CHECK_THAT(sum / 1000, WithinAbs(0, ulps<TestType>(1)));
    // Each number is rounded, and the sum in each step.
    CHECK_THAT(squares / 1000, WithinAbs(1, ulps<TestType>(1) + ulps<double>(500)));
  }
}

TEST_CASE("the variance of numbers far from zero keeps its digits", "[data][standardizer]") {
  // Mean 1e9 + 0.5 and variance 1.25 exactly; the mean of the squares less the square of the mean gives 0.
  Standardizer<double> standardizer;
  standardizer.fit(std::vector<double>{1e9 - 1, 1e9, 1e9 + 1, 1e9 + 2});
  CHECK(standardizer.means()[0] == 1e9 + 0.5);
  CHECK_THAT(standardizer.scales()[0], WithinRel(std::sqrt(1.25), 1e-15));
  standardizer.fit(std::vector<double>{1, 1 + 0x1p-52});
  CHECK(standardizer.scales()[0] == 0x1p-53);
}

TEMPLATE_TEST_CASE("a constant column has the scale 1, whatever its number", "[data][standardizer]", float,
                   double) {
  xt::xarray<TestType> features = xt::xarray<TestType>::from_shape({999, 2});
  for (std::size_t row = 0; row < 999; ++row) {
    features(row, 0) = static_cast<TestType>(0.1);
    features(row, 1) = static_cast<TestType>(-1e30);
  }
  Standardizer<TestType> standardizer;
  standardizer.fit(features);
  CHECK(standardizer.scales()[0] == 1);
  CHECK(standardizer.scales()[1] == 1);
  CHECK_THAT(values(standardizer.applied(features)), AllClose(std::vector<double>(2 * 999), 0));
}

TEST_CASE("every place behind the first axis is a column", "[data][standardizer]") {
  Standardizer<double> images, numbers;
  images.fit(xt::xarray<double>{{{1, 2}, {3, 4}}, {{3, 6}, {9, 4}}});
  CHECK(images.means().shape() == Shape{2, 2});
  CHECK_THAT(values(images.means()), AllClose({2, 4, 6, 4}, 0));
  CHECK_THAT(values(images.scales()), AllClose({1, 2, 3, 1}, 0));
  numbers.fit(std::vector<double>{1, 3});
  CHECK(numbers.means().shape() == Shape{});
  CHECK_THAT(values(numbers.applied(std::vector<double>{2, 4})), AllClose({0, 2}, 0));
  CHECK(images.applied(Array<double>(Shape{0, 2, 2})).shape() == Shape{0, 2, 2});
}

TEST_CASE("a standardizer is saved and loaded", "[data][standardizer][state]") {
  Standardizer<float> fitted, loaded;
  fitted.fit(xt::xarray<float>{{1, 2}, {4, 2.5}});
  loaded.load_state(fitted.state());
  const xt::xarray<float> features{{7, 8}};
  CHECK_THAT(values(loaded.applied(features)), AllClose(values(fitted.applied(features)), 0));
  CHECK(fitted.state().get<double>("test", "mean", {2})[0] == 2.5);
  CHECK(fitted.state().get<double>("test", "scale", {2})[0] == 1.5);
}

TEST_CASE("a state that is no state of a standardizer changes nothing",
          "[data][standardizer][state][errors]") {
  Standardizer<double> standardizer;
  standardizer.fit(xt::xarray<double>{{1, 2}, {5, 2}});
  const auto state = [](const std::vector<double>& mean, const std::vector<double>& scale) {
    NamedArrays arrays;
    arrays.add("mean", ArrayView<const double>(mean));
    arrays.add("scale", ArrayView<const double>(scale));
    return arrays;
  };
  CHECK_THROWS_WITH(standardizer.load_state({}),
                    "Standardizer::load_state: there must be an array 'mean', got none at all");
  CHECK_THROWS_AS(standardizer.load_state(state({1, 2, 3}, {1, 2, 3})), ShapeError);
  CHECK_THROWS_WITH(standardizer.load_state(state({1, 2}, {1, 2, 3})),
                    "Standardizer::load_state: 'scale' must have shape (2), got (3)");
  CHECK_THROWS_AS(standardizer.load_state(state({1, 2}, {1, 0})), ValueError);
  CHECK_THROWS_WITH(standardizer.load_state(state({1, 2}, {1, 0})),
                    "Standardizer::load_state: scale[1] must be finite and positive, got 0");
  CHECK_THROWS_WITH(standardizer.load_state(state({1, NaN}, {1, 1})),
                    "Standardizer::load_state: mean[1] must be finite, got nan");
  CHECK_THROWS_AS(standardizer.load_state(state({1, 2}, {1, inf})), ValueError);
  NamedArrays more = state({1, 2}, {1, 2});
  more.add_scalar("count", 3.0);
  CHECK_THROWS_WITH(standardizer.load_state(more),
                    "Standardizer::load_state: every array must have its place, got 'count' without one");
  CHECK_THAT(values(standardizer.means()), AllClose({3, 2}, 0));
  CHECK_THAT(values(standardizer.scales()), AllClose({2, 1}, 0));
}

TEST_CASE("features that cannot be learned from are refused and change nothing",
          "[data][standardizer][errors]") {
  Standardizer<double> standardizer;
  const xt::xarray<double> features{{1, 2}, {inf, 3}, {4, NaN}};
  using Rows = std::vector<std::size_t>;
  CHECK_THROWS_WITH(standardizer.applied(features),
                    "Standardizer::apply: there must be a fit() or a load_state() before, got none");
  CHECK_THROWS_AS(standardizer.state(), ArgumentError);
  CHECK_THROWS_AS(standardizer.fit(features), ValueError);
  CHECK_THROWS_WITH(standardizer.fit(features), "Standardizer::fit: features[1, 0] must be finite, got inf");
  CHECK_THROWS_WITH(standardizer.fit(features, Rows{0, 2}),
                    "Standardizer::fit: features[2, 1] must be finite, got nan");
  CHECK_THROWS_WITH(standardizer.fit(features, Rows{0, 3}),
                    "Standardizer::fit: rows[1] must be below the 3 rows of features (3, 2), got 3");
  CHECK_THROWS_WITH(standardizer.fit(features, Rows{}),
                    "Standardizer::fit: there must be rows to learn from, got none");
  CHECK_THROWS_AS(standardizer.fit(xt::xarray<double>(1.5)), ShapeError);
  CHECK_THROWS_WITH(standardizer.fit(xt::xarray<double>(1.5)),
                    "Standardizer::fit: features must be (rows, ...), got a scalar");
  CHECK_THROWS_WITH(standardizer.fit(xt::xarray<double>{{0, 1e200}, {0, -1e200}}),
                    "Standardizer::fit: the variance of column[1] must be finite in double, got inf");
  CHECK(standardizer.means().shape() == Shape{0});
  standardizer.fit(features, Rows{0});
  CHECK_THROWS_AS(standardizer.applied(xt::xarray<double>{{1, 2, 3}}), ShapeError);
  CHECK_THROWS_WITH(
      standardizer.applied(xt::xarray<double>{{1, 2, 3}}),
      "Standardizer::apply: features must have the columns (2) that were fitted, got features (1, 3)");
}

TEST_CASE("a Standardizer that has been moved from holds nothing", "[data][standardizer]") {
  data::Standardizer<double> fitted;
  fitted.fit(xt::xarray<double>{{1, 2}, {3, 6}});
  const data::Standardizer<double> moved = std::move(fitted);
  CHECK(moved.means().shape() == Shape{2});
  CHECK(fitted.means().size() == 0);
}
