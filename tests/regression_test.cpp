// SPDX-License-Identifier: BSD-3-Clause
#include <numeric>

#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;
using metrics::Estimate;
using metrics::explained_variance;
using metrics::mean_absolute_error;
using metrics::mean_squared_error;
using metrics::r_squared;
using metrics::root_mean_squared_error;

namespace regression_test {
namespace {

using List = std::vector<double>;

const auto exactly = ulps<double>(4);

double mean(const List& list) {
  return std::accumulate(list.begin(), list.end(), 0.0) / static_cast<double>(list.size());
}

double deviation(const List& list) {
  double sum = 0;
  for (const double x : list) sum += (x - mean(list)) * (x - mean(list));
  return std::sqrt(sum / static_cast<double>(list.size() - 1));
}

}  // namespace

TEST_CASE("errors of regression are those of scikit-learn's documentation", "[metrics][regression]") {
  const List outputs{2.5, 0.0, 2, 8}, targets{3, -0.5, 2, 7};
  CHECK(mean_squared_error(outputs, targets) == 0.375);
  CHECK(mean_absolute_error(outputs, targets) == 0.5);
  CHECK_THAT(root_mean_squared_error(outputs, targets).value, WithinRel(std::sqrt(0.375), exactly));
  CHECK_THAT(r_squared(outputs, targets), WithinAbs(0.948, 0.001));
  CHECK_THAT(explained_variance(outputs, targets), WithinAbs(0.957, 0.001));
  // By hand: squares 1/4, 1/4, 0, 1 have the variance 0.1875 and absolutes 1/2, 1/2, 0, 1 the variance 1/6.
  CHECK_THAT(mean_squared_error(outputs, targets).standard_error, WithinRel(std::sqrt(0.1875 / 4), exactly));
  CHECK_THAT(mean_absolute_error(outputs, targets).standard_error,
             WithinRel(std::sqrt(1 / 6.0 / 4), exactly));
  CHECK(mean_squared_error(outputs, targets).count == 4);
}

TEST_CASE("targets and outputs may be of any type", "[metrics][regression]") {
  const xt::xarray<float> outputs{{1, 2}, {3, 5}};
  const xt::xarray<int> targets{{1, 2}, {3, 3}};
  CHECK(mean_squared_error(outputs, targets) == 1);
  CHECK(mean_squared_error(outputs + 0.0f, xt::cast<double>(targets)) == 1);
  CHECK(mean_squared_error(xt::transpose(outputs), xt::transpose(targets)) == 1);
  CHECK(mean_squared_error(std::vector<std::int64_t>{4}, List{1}) == 9);
  Tape<float> tape;
  CHECK(mean_squared_error(tape.borrow(outputs), targets) == 1);
  // Of the second output 1 - 4 / 4.5 is explained.
  CHECK_THAT(r_squared(targets, tape.variable(outputs)), WithinRel((1 + 1 / 9.0) / 2, exactly));
}

TEST_CASE("the root of one output has the error of the mean over twice the root", "[metrics][regression]") {
  const xt::xarray<double> outputs = irregular({70}), targets = irregular({70}, -1, 4);
  const Estimate square = mean_squared_error(outputs, targets),
                 root = root_mean_squared_error(outputs, targets);
  CHECK_THAT(root.standard_error, WithinRel(square.standard_error / (2 * root.value), 1e-13));
  CHECK(root.count == 70);
}

TEST_CASE("the standard error of a mean of roots is its spread over many samples", "[metrics][regression]") {
  Random random(2);
  List roots, errors;
  for (int repeat = 0; repeat < 300; ++repeat) {
    xt::xarray<double> outputs = xt::zeros<double>({200, 2});
    for (std::size_t row = 0; row < 200; ++row) {
      const double both = random.normal();
      outputs(row, 0) = both + 0.3 * random.normal();
      outputs(row, 1) = 5 * both;
    }
    const Estimate root = root_mean_squared_error(outputs, xt::zeros<double>({200, 2}));
    roots.push_back(root);
    errors.push_back(root.standard_error);
  }
  // The spread of 300 is itself known to 4 %.
  CHECK_THAT(mean(errors), WithinRel(deviation(roots), 0.1));
}

TEST_CASE("an output that is always right does not move the mean of roots", "[metrics][regression]") {
  const xt::xarray<double> outputs{{1, 5}, {2, 5}, {4, 5}}, targets{{0, 5}, {0, 5}, {0, 5}};
  const Estimate both = root_mean_squared_error(outputs, targets);
  const Estimate first = root_mean_squared_error(List{1, 2, 4}, List{0, 0, 0});
  CHECK_THAT(both.value, WithinRel(first.value / 2, exactly));
  CHECK_THAT(both.standard_error, WithinRel(first.standard_error / 2, exactly));
}

TEST_CASE("constant targets are constant whatever their mean rounds to", "[metrics][regression]") {
  const List targets(3, 0.1);
  CHECK(r_squared(targets, targets) == 1);
  CHECK(r_squared(List{0.1, 0.1, 0.2}, targets) == 0);
  CHECK(explained_variance(List(3, 0.7), targets) == 1);
  CHECK(explained_variance(List{0.1, 0.1, 0.2}, targets) == 0);
}

TEST_CASE("a million small errors add up without loss", "[metrics][regression]") {
  List outputs(1'000'001, 1e-3);
  outputs[0] = 1e5;
  const List targets(outputs.size(), 0);
  CHECK_THAT(mean_squared_error(outputs, targets).value, WithinRel((1e10 + 1) / 1'000'001, exactly));
  CHECK_THAT(mean_absolute_error(outputs, targets).value, WithinRel((1e5 + 1e3) / 1'000'001, exactly));
}

TEST_CASE("targets far from 0 leave R^2 its digits", "[metrics][regression]") {
  const List near{1, 2, 4, 8}, off{1.5, 2, 3.5, 8};
  List far = near, far_off = off;
  for (double& x : far) x += 0x1p40;
  for (double& x : far_off) x += 0x1p40;
  CHECK_THAT(r_squared(far_off, far), WithinRel(r_squared(off, near), 1e-14));
  CHECK_THAT(explained_variance(far_off, far), WithinRel(explained_variance(off, near), 1e-14));
}

TEST_CASE("too few rows have no error, and an infinite error no standard error", "[metrics][regression]") {
  for (const Estimate& none : {mean_squared_error(List{}, List{}), mean_absolute_error(List{}, List{}),
                               root_mean_squared_error(List{}, List{})}) {
    CHECK(std::isnan(none.value));
    CHECK(std::isnan(none.standard_error));
    CHECK(none.count == 0);
  }
  CHECK(std::isnan(root_mean_squared_error(ArrayView<const float>(nullptr, {0, 3}),
                                           ArrayView<const float>(nullptr, {0, 3}))));
  CHECK(root_mean_squared_error(List{3}, List{1}) == 2);
  CHECK(std::isnan(root_mean_squared_error(List{3}, List{1}).standard_error));
  CHECK(std::isnan(r_squared(List{}, List{})));
  CHECK(std::isnan(r_squared(List{1}, List{1})));
  CHECK(std::isnan(explained_variance(List{1}, List{1})));
  CHECK(mean_squared_error(List{inf, 1}, List{0, 0}) == inf);
  CHECK(std::isnan(mean_squared_error(List{inf, 1}, List{0, 0}).standard_error));
  CHECK(root_mean_squared_error(List{1, -inf}, List{0, 0}) == inf);
  CHECK(r_squared(List{1, inf}, List{0, 1}) == -inf);
}

TEST_CASE("errors of regression refuse what does not fit", "[metrics][regression][errors]") {
  CHECK_THROWS_AS(mean_squared_error(Array<double>(Shape{}), Array<double>(Shape{})), ShapeError);
  CHECK_THROWS_WITH(
      mean_squared_error(Array<double>(Shape{2, 0}), Array<double>(Shape{2, 0})),
      "mean_squared_error: outputs must be (rows), or (rows, outputs) with at least one output, got (2, 0)");
  CHECK_THROWS_WITH(
      r_squared(Array<double>(Shape{2, 3, 4}), Array<double>(Shape{2, 3, 4})),
      "r_squared: outputs must be (rows), or (rows, outputs) with at least one output, got (2, 3, 4)");
  CHECK_THROWS_AS(mean_absolute_error(List{1, 2}, List{1}), ShapeError);
  CHECK_THROWS_WITH(explained_variance(Array<double>(Shape{2, 1}), List{1, 2}),
                    "explained_variance: targets must have the shape of outputs (2, 1), got (2)");
  CHECK_THROWS_AS(root_mean_squared_error(List{1, NaN}, List{0, 1}), ArgumentError);
  CHECK_THROWS_WITH(root_mean_squared_error(List{1, NaN}, List{0, 1}),
                    "root_mean_squared_error: outputs must be numbers, got NaN at outputs[1]");
  CHECK_THROWS_WITH(mean_absolute_error(xt::xarray<float>{{1, 2}}, xt::xarray<float>{{1, NAN}}),
                    "mean_absolute_error: targets must be numbers, got NaN at targets[0, 1]");
}

}  // namespace regression_test
