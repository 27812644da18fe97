// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("mean reduces the axes that it is given", "[ops][mean]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 2, 3}, {1, 2, 3, 0.5, -1, 2, 4, -2, 0, 1, 1, 3}));
  CHECK_THAT(values(mean(x, 0)), AllClose({2.5, 0, 1.5, 0.75, 0, 2.5}, ulps<TestType>(1)));
  CHECK_THAT(values(mean(x, 1)), AllClose({0.75, 0.5, 2.5, 2.5, -0.5, 1.5}, ulps<TestType>(1)));
  CHECK_THAT(values(mean(x, -1)),
             AllClose({2, 0.5, 0.6666666666666666, 1.6666666666666667}, ulps<TestType>(1)));
  CHECK_THAT(values(mean(x, {0, -1})), AllClose({1.3333333333333333, 1.0833333333333333}, ulps<TestType>(1)));
  CHECK_THAT(values(mean(x)), AllClose({1.2083333333333333}, ulps<TestType>(1)));
  CHECK_THAT(values(mean(x, {2, 0, 1})), AllClose({1.2083333333333333}, ulps<TestType>(1)));
}

TEST_CASE("mean drops the reduced axes, or keeps them with extent one", "[ops][mean]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3, 4}));
  CHECK(mean(x).shape() == Shape{});
  CHECK(mean(x, {}, keep_dims).shape() == Shape{1, 1, 1});
  CHECK(mean(x, 1).shape() == Shape{2, 4});
  CHECK(mean(x, 1, keep_dims).shape() == Shape{2, 1, 4});
  CHECK(mean(x, {0, -1}).shape() == Shape{3});
  CHECK(mean(x, {0, -1}, keep_dims).shape() == Shape{1, 3, 1});
}

TEST_CASE("mean takes a scalar and eight axes", "[ops][mean][extremes]") {
  Tape<double> tape;
  CHECK(mean(tape.variable(3)).item() == 3);
  const auto x = irregular({3, 4});
  const auto deep = tape.variable(array({1, 3, 1, 1, 2, 2, 1, 1}, values(x)));
  const auto y = mean(deep, {1, 3, -1});
  CHECK(y.shape() == Shape{1, 1, 2, 2, 1});
  CHECK(values(y) == values(mean(tape.variable(x), 0)));
}

TEST_CASE("mean gradient agrees with central differences along every axis", "[ops][mean][gradient]") {
  for (const Axes& axes :
       {Axes(), Axes(0), Axes(1), Axes(-1), Axes{0, 1}, Axes{0, 2}, Axes{1, 2}, Axes{0, 1, 2}}) {
    for (const KeepDims keep : {KeepDims::no, KeepDims::yes}) {
      CHECK_THAT(gradcheck([&](auto x) { return mean(x, axes, keep); }, irregular({2, 3, 4})),
                 HasCorrectGradient());
    }
  }
  CHECK_THAT(gradcheck([](auto x) { return mean(x); }, irregular({})), HasCorrectGradient());
}

TEST_CASE("mean of a variable used twice adds both gradients", "[ops][mean][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return mean(x, 0) * x + mean(x); }, irregular({3, 2})),
             HasCorrectGradient());
}

TEST_CASE("mean of a constant needs no gradient", "[ops][mean][gradient]") {
  Tape<double> tape;
  CHECK_FALSE(mean(tape.constant(irregular({3}))).requires_grad());
}

TEST_CASE("mean names an axis that is not there or is there twice", "[ops][mean][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), scalar = tape.variable(1);
  CHECK(refusal<ArgumentError>(tape, [&] { mean(x, 2); }) ==
        "mean: axis must be in [-2, 2) for shape (2, 3), got 2");
  CHECK(refusal<ArgumentError>(tape, [&] { mean(x, -3); }) ==
        "mean: axis must be in [-2, 2) for shape (2, 3), got -3");
  CHECK(refusal<ArgumentError>(tape, [&] {
          mean(x, {1, -1});
        }) == "mean: axes must be distinct, got axis -1 twice");
  CHECK(refusal<ArgumentError>(tape, [&] { mean(scalar, 0); }) ==
        "mean: the array must have an axis 0, got a scalar, which has none");
}

TEST_CASE("mean of differences from the mean is zero", "[ops][mean]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({5, 7}));
  const std::vector<double> zeros(7, 0);
  // Each difference, below 4, carries half an ulp of rounding.
  CHECK_THAT(values(mean(x - mean(x, 0, keep_dims), 0)), AllClose(zeros, 0, 2 * ulps<double>(1)));
}

TEST_CASE("mean of a million equal floats is the float", "[ops][mean][extremes]") {
  Tape<float> tape;
  const auto x = tape.variable(xt::xarray<float>(xt::full_like(xt::zeros<float>({1000, 1000}), 0.1f)));
  CHECK(mean(x).item() == 0.1f);
}

TEST_CASE("mean of floats may pass the largest float on the way", "[ops][mean][extremes]") {
  Tape<float> tape;
  CHECK(mean(tape.variable(array({3}, {3e38, 3e38, 3e38}))).item() == 3e38f);
}

TEST_CASE("mean of infinities, NaN and subnormal numbers", "[ops][mean][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({4, 2}, {inf, 1, inf, -inf, NaN, 1, 5e-324, 5e-324}));
  CHECK_THAT(values(mean(x, 1)), AllClose({inf, NaN, NaN, 5e-324}, 0));
}

TEST_CASE("mean over no elements is not a number", "[ops][mean][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 0}));
  CHECK_THAT(values(mean(x)), AllClose({NaN}, 0));
  CHECK_THAT(values(mean(x, 1)), AllClose({NaN, NaN}, 0));
  CHECK(mean(x, 0).shape() == Shape{0});
  sum(mean(x, 1)).backward();
  CHECK(x.gradients().shape() == Shape{2, 0});
}
