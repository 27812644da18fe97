// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstdint>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("sum reduces the axes that it is given", "[ops][sum]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 2, 3}, {1, 2, 3, 0.5, -1, 2, 4, -2, 0, 1, 1, 3}));
  CHECK_THAT(values(sum(x, 0)), AllClose({5, 0, 3, 1.5, 0, 5}, 0));
  CHECK_THAT(values(sum(x, 1)), AllClose({1.5, 1, 5, 5, -1, 3}, 0));
  CHECK_THAT(values(sum(x, -1)), AllClose({6, 1.5, 2, 5}, 0));
  CHECK_THAT(values(sum(x, {0, -1})), AllClose({8, 6.5}, 0));
  CHECK_THAT(values(sum(x)), AllClose({14.5}, 0));
  CHECK_THAT(values(sum(x, {2, 0, 1})), AllClose({14.5}, 0));
}

TEST_CASE("sum drops the reduced axes, or keeps them with extent one", "[ops][sum]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3, 4}));
  CHECK(sum(x).shape() == Shape{});
  CHECK(sum(x, {}, keep_dims).shape() == Shape{1, 1, 1});
  CHECK(sum(x, 1).shape() == Shape{2, 4});
  CHECK(sum(x, 1, keep_dims).shape() == Shape{2, 1, 4});
  CHECK(sum(x, {0, -1}).shape() == Shape{3});
  CHECK(sum(x, {0, -1}, keep_dims).shape() == Shape{1, 3, 1});
}

TEST_CASE("sum takes a scalar and eight axes", "[ops][sum][extremes]") {
  Tape<double> tape;
  CHECK(sum(tape.variable(3)).item() == 3);
  const auto x = irregular({3, 4});
  const auto deep = tape.variable(array({1, 3, 1, 1, 2, 2, 1, 1}, values(x)));
  const auto y = sum(deep, {1, 3, -1});
  CHECK(y.shape() == Shape{1, 1, 2, 2, 1});
  CHECK(values(y) == values(sum(tape.variable(x), 0)));
}

TEST_CASE("sum gradient agrees with central differences along every axis", "[ops][sum][gradient]") {
  for (const Axes& axes :
       {Axes(), Axes(0), Axes(1), Axes(-1), Axes{0, 1}, Axes{0, 2}, Axes{1, 2}, Axes{0, 1, 2}}) {
    for (const KeepDims keep : {KeepDims::no, KeepDims::yes}) {
      CHECK_THAT(gradcheck([&](auto x) { return sum(x, axes, keep); }, irregular({2, 3, 4})),
                 HasCorrectGradient());
    }
  }
  CHECK_THAT(gradcheck([](auto x) { return sum(x); }, irregular({})), HasCorrectGradient());
}

TEST_CASE("sum of a variable used twice adds both gradients", "[ops][sum][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return sum(x, 0) * x + sum(x); }, irregular({3, 2})),
             HasCorrectGradient());
}

TEST_CASE("sum of a constant needs no gradient", "[ops][sum][gradient]") {
  Tape<double> tape;
  CHECK_FALSE(sum(tape.constant(irregular({3}))).requires_grad());
}

TEST_CASE("sum names an axis that is not there or is there twice", "[ops][sum][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), scalar = tape.variable(1);
  CHECK(refusal<ArgumentError>(tape, [&] { sum(x, 2); }) ==
        "sum: axis must be in [-2, 2) for shape (2, 3), got 2");
  CHECK(refusal<ArgumentError>(tape, [&] { sum(x, -3); }) ==
        "sum: axis must be in [-2, 2) for shape (2, 3), got -3");
  CHECK(refusal<ArgumentError>(tape, [&] {
          sum(x, {1, -1});
        }) == "sum: axes must be distinct, got axis -1 twice");
  CHECK(refusal<ArgumentError>(tape, [&] { sum(scalar, 0); }) ==
        "sum: the array must have an axis 0, got a scalar, which has none");
}

TEST_CASE("sum of sums along single axes is the sum of all", "[ops][sum]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({5, 6, 7}));
  CHECK_THAT(sum(sum(sum(x, 0), 0), 0).item(), WithinRel(sum(x).item(), 1e-14));
}

TEST_CASE("sum of a million floats is exact to an ulp", "[ops][sum][extremes]") {
  Tape<float> tape;
  const auto x = tape.variable(xt::xarray<float>(xt::full_like(xt::zeros<float>({1000, 1000}), 0.1f)));
  // The exact sum is 100000.00149; added up in float it is 100958.34.
  CHECK(sum(x).item() == 100000);
  CHECK(sum(sum(x, 0)).item() == 100000);
  CHECK(sum(sum(x, 1)).item() == 100000);
}

TEST_CASE("sum of doubles keeps what a large term would swallow", "[ops][sum][extremes]") {
  Tape<double> tape;
  CHECK(sum(tape.variable(array({4}, {1, 1e100, 1, -1e100}))).item() == 2);
  const auto x = tape.variable(xt::xarray<double>(xt::full_like(xt::zeros<double>({1000000}), 0.1)));
  // Python: math.fsum([0.1] * 10**6); added up one by one it is 100000.00000133288.
  CHECK(sum(x).item() == 100000);
}

// Rows of every length, some added up in lanes and some side by side.
TEST_CASE("sum of doubles over axes that lie apart is rounded once", "[ops][sum][extremes]") {
  Tape<double> tape;
  for (const std::size_t columns : {2U, 3U, 8U, 40U, 300U}) {
    xt::xarray<double> x = xt::zeros<double>({std::size_t{2}, std::size_t{2}, columns});
    x(0, 0, 0) = 1e16;
    x(0, 0, columns - 1) = 1;
    x(1, 0, 0) = -1e16;
    CHECK_THAT(values(sum(tape.constant(x), {0, 2})), AllClose({1, 0}, 0));
  }
}

TEST_CASE("sum of floats may pass the largest float on the way", "[ops][sum][extremes]") {
  Tape<float> tape;
  CHECK(sum(tape.variable(array({3}, {3e38, 3e38, -3e38}))).item() == 3e38f);
}

TEST_CASE("sum of infinities, NaN and subnormal numbers", "[ops][sum][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({5, 2}, {inf, 1, inf, -inf, NaN, 1, 1e308, 1e308, 5e-324, 5e-324}));
  CHECK_THAT(values(sum(x, 1)), AllClose({inf, NaN, NaN, inf, 1e-323}, 0));
  CHECK_THAT(values(sum(transpose(x), 0)), AllClose({inf, NaN, NaN, inf, 1e-323}, 0));
}

namespace {

// Of i: an integer that is not in order.
std::int64_t shuffled(std::size_t i) { return static_cast<std::int64_t>(i * 7919 % 1009) - 500; }

}  // namespace

TEMPLATE_TEST_CASE("sum of integers along any axis of any length is exact, and so is its gradient",
                   "[ops][sum]", float, double) {
  const std::size_t middle = GENERATE(as<std::size_t>{}, 1, 3, 4, 7, 8, 9, 15, 16, 17, 33, 520);
  const std::size_t last =
      GENERATE(as<std::size_t>{}, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 33, 63, 64, 65, 100, 300);
  constexpr std::size_t first = 3;
  CAPTURE(middle, last);
  std::vector<TestType> numbers(first * middle * last);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<TestType>(shuffled(i));
  Tape<TestType> tape;
  const auto x = tape.variable(ArrayView<const TestType>(numbers.data(), Shape{first, middle, last}));
  for (const Axes& axes : {Axes(0), Axes(1), Axes(2), Axes{0, 1}, Axes{0, 2}, Axes{1, 2}, Axes()}) {
    const auto y = sum(x, axes, keep_dims);
    const Shape& kept = y.shape();
    const auto result_of = [&](std::size_t i) {
      const std::size_t at[] = {i / (middle * last), i / last % middle, i % last};
      std::size_t result = 0;
      for (std::size_t axis = 0; axis < 3; ++axis)
        result = result * kept[axis] + (kept[axis] == 1 ? 0 : at[axis]);
      return result;
    };
    std::vector<std::int64_t> expected(kept.elements());
    for (std::size_t i = 0; i < numbers.size(); ++i) expected[result_of(i)] += shuffled(i);
    CHECK(std::equal(expected.begin(), expected.end(), y.values().begin(),
                     [](std::int64_t a, TestType b) { return static_cast<TestType>(a) == b; }));

    std::vector<TestType> slopes(kept.elements());
    for (std::size_t i = 0; i < slopes.size(); ++i) slopes[i] = static_cast<TestType>(shuffled(i + 3));
    const auto dy = tape.constant(ArrayView<const TestType>(slopes.data(), kept));
    const auto are_slopes_plus = [&](TestType number) {
      const auto gradients = x.gradients();
      for (std::size_t i = 0; i < numbers.size(); ++i)
        if (gradients[i] != slopes[result_of(i)] + number) return false;
      return true;
    };
    y.backward(dy);
    CHECK(are_slopes_plus(0));
    (sum(y * dy) + sum(x)).backward();
    CHECK(are_slopes_plus(1));
  }
}

TEMPLATE_TEST_CASE("sum of many rows has its infinities and NaN in their rows only", "[ops][sum][extremes]",
                   float, double) {
  const std::size_t length = GENERATE(as<std::size_t>{}, 1, 4, 10, 100);
  constexpr std::size_t rows = 40;
  xt::xarray<double> x = xt::ones<double>({rows, length});
  x(3, length - 1) = inf;
  x(5, 0) = NaN;
  x(38, length / 2) = -inf;
  Tape<TestType> tape;
  std::vector<double> expected(rows, static_cast<double>(length));
  expected[3] = inf, expected[5] = NaN, expected[38] = -inf;
  const auto in = tape.variable(x);
  CHECK_THAT(values(sum(in, 1)), AllClose(expected, 0));
  CHECK_THAT(values(sum(transpose(in), 0)), AllClose(expected, 0));
}

TEST_CASE("sum over no elements is zero", "[ops][sum][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 0, 3}));
  CHECK(sum(x).item() == 0);
  CHECK_THAT(values(sum(x, 1)), AllClose({0, 0, 0, 0, 0, 0}, 0));
  CHECK(sum(x, 0).shape() == Shape{0, 3});
  sum(sum(x, 1)).backward();
  CHECK(x.gradients().shape() == Shape{2, 0, 3});
}
