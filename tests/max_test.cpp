// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("max reduces the axes that it is given", "[ops][max]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 2, 3}, {1, 2, 3, 0.5, -1, 2, 4, -2, 0, 1, 1, 3}));
  CHECK_THAT(values(max(x, 0)), AllClose({4, 2, 3, 1, 1, 3}, 0));
  CHECK_THAT(values(max(x, 1)), AllClose({1, 2, 3, 4, 1, 3}, 0));
  CHECK_THAT(values(max(x, -1)), AllClose({3, 2, 4, 3}, 0));
  CHECK_THAT(values(max(x, {0, -1})), AllClose({4, 3}, 0));
  CHECK_THAT(values(max(x)), AllClose({4}, 0));
  CHECK_THAT(values(max(x, {2, 0, 1})), AllClose({4}, 0));
}

TEST_CASE("max drops the reduced axes, or keeps them with extent one", "[ops][max]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3, 4}));
  CHECK(max(x).shape() == Shape{});
  CHECK(max(x, {}, keep_dims).shape() == Shape{1, 1, 1});
  CHECK(max(x, 1).shape() == Shape{2, 4});
  CHECK(max(x, 1, keep_dims).shape() == Shape{2, 1, 4});
  CHECK(max(x, {0, -1}).shape() == Shape{3});
  CHECK(max(x, {0, -1}, keep_dims).shape() == Shape{1, 3, 1});
}

TEST_CASE("max takes a scalar and eight axes", "[ops][max][extremes]") {
  Tape<double> tape;
  CHECK(max(tape.variable(3)).item() == 3);
  const auto x = irregular({3, 4});
  const auto deep = tape.variable(array({1, 3, 1, 1, 2, 2, 1, 1}, values(x)));
  const auto y = max(deep, {1, 3, -1});
  CHECK(y.shape() == Shape{1, 1, 2, 2, 1});
  CHECK(values(y) == values(max(tape.variable(x), 0)));
}

TEST_CASE("max gradient agrees with central differences along every axis", "[ops][max][gradient]") {
  for (const Axes& axes :
       {Axes(), Axes(0), Axes(1), Axes(-1), Axes{0, 1}, Axes{0, 2}, Axes{1, 2}, Axes{0, 1, 2}}) {
    for (const KeepDims keep : {KeepDims::no, KeepDims::yes}) {
      CHECK_THAT(gradcheck([&](auto x) { return max(x, axes, keep); }, irregular({2, 3, 4})),
                 HasCorrectGradient());
    }
  }
  CHECK_THAT(gradcheck([](auto x) { return max(x); }, irregular({})), HasCorrectGradient());
}

TEST_CASE("max of a variable used twice adds both gradients", "[ops][max][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return max(x, 0) * x + max(x); }, irregular({3, 2})),
             HasCorrectGradient());
}

TEST_CASE("max of a constant needs no gradient", "[ops][max][gradient]") {
  Tape<double> tape;
  CHECK_FALSE(max(tape.constant(irregular({3}))).requires_grad());
}

TEST_CASE("max names an axis that is not there or is there twice", "[ops][max][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), scalar = tape.variable(1);
  CHECK(refusal<ArgumentError>(tape, [&] { max(x, 2); }) ==
        "max: axis must be in [-2, 2) for shape (2, 3), got 2");
  CHECK(refusal<ArgumentError>(tape, [&] { max(x, -3); }) ==
        "max: axis must be in [-2, 2) for shape (2, 3), got -3");
  CHECK(refusal<ArgumentError>(tape, [&] {
          max(x, {1, -1});
        }) == "max: axes must be distinct, got axis -1 twice");
  CHECK(refusal<ArgumentError>(tape, [&] { max(scalar, 0); }) ==
        "max: the array must have an axis 0, got a scalar, which has none");
}

TEST_CASE("max of the maxima along an axis is the largest of all", "[ops][max]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({5, 6, 7}));
  CHECK(max(max(x, 1)).item() == max(x).item());
}

TEST_CASE("max shares the gradient equally among the largest", "[ops][max][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2, 4}, {3, 1, 3, 2, 5, 5, 5, 5}));
  sum(max(x, 1)).backward();
  CHECK_THAT(values(x.grad()), AllClose({0.5, 0, 0.5, 0, 0.25, 0.25, 0.25, 0.25}, 0));
}

TEST_CASE("max shares the gradient of a float among more elements than floats can count",
          "[ops][max][extremes]") {
  constexpr std::size_t elements = (1 << 24) + 4;
  Tape<float> tape;
  const auto x = tape.variable(xt::zeros<float>({elements}));
  max(x).backward();
  CHECK(x.gradients()[0] == static_cast<float>(1.0 / elements));
}

TEST_CASE("max is NaN if one element is", "[ops][max][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3, 3}, {NaN, 1, 2, 1, NaN, 2, inf, 2, NaN}));
  CHECK_THAT(values(max(x, 1)), AllClose({NaN, NaN, NaN}, 0));
  CHECK_THAT(values(max(x, 0)), AllClose({NaN, NaN, NaN}, 0));
}

TEMPLATE_TEST_CASE("max along any axis of any length shares its gradient among the largest", "[ops][max]",
                   float, double) {
  const std::size_t middle = GENERATE(as<std::size_t>{}, 1, 3, 4, 8, 9, 16, 17, 33, 1030);
  const std::size_t last =
      GENERATE(as<std::size_t>{}, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 33, 64, 65, 100);
  constexpr std::size_t first = 3;
  CAPTURE(middle, last);
  std::vector<TestType> numbers(first * middle * last);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<TestType>(i * 7919 % 1009 % 13) - 20;  // of which many are alike
  Tape<TestType> tape;
  const auto x = tape.variable(ArrayView<const TestType>(numbers.data(), Shape{first, middle, last}));
  for (const Axes& axes : {Axes(0), Axes(1), Axes(2), Axes{0, 1}, Axes{0, 2}, Axes{1, 2}, Axes()}) {
    const auto y = max(x, axes, keep_dims);
    const Shape& kept = y.shape();
    const auto result_of = [&](std::size_t i) {
      const std::size_t at[] = {i / (middle * last), i / last % middle, i % last};
      std::size_t result = 0;
      for (std::size_t axis = 0; axis < 3; ++axis)
        result = result * kept[axis] + (kept[axis] == 1 ? 0 : at[axis]);
      return result;
    };
    std::vector<TestType> largest(kept.elements(), -100), slopes(kept.elements());
    std::vector<int> counts(kept.elements());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      largest[result_of(i)] = std::max(largest[result_of(i)], numbers[i]);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      counts[result_of(i)] += largest[result_of(i)] == numbers[i];
    CHECK(std::equal(largest.begin(), largest.end(), y.values().begin()));

    for (std::size_t i = 0; i < slopes.size(); ++i) slopes[i] = static_cast<TestType>(1 + i % 100);
    const auto dy = tape.constant(ArrayView<const TestType>(slopes.data(), kept));
    const auto are_shares_plus = [&](TestType number) {
      const auto gradients = x.gradients();
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::size_t at = result_of(i);
        const TestType share = numbers[i] == largest[at]
                                   ? static_cast<TestType>(slopes[at] / static_cast<double>(counts[at]))
                                   : 0;
        if (gradients[i] != share + number) return false;
      }
      return true;
    };
    y.backward(dy);
    CHECK(are_shares_plus(0));
    (sum(y * dy) + sum(x)).backward();
    CHECK(are_shares_plus(1));
  }
}

TEMPLATE_TEST_CASE("max is NaN wherever in a row or column NaN is, and NaN has no gradient",
                   "[ops][max][extremes]", float, double) {
  const std::size_t length = GENERATE(as<std::size_t>{}, 1, 3, 10, 16, 17, 70, 150);
  constexpr std::size_t rows = 37;
  xt::xarray<double> x = irregular({rows, length});
  std::vector<double> expected(rows, NaN);
  for (std::size_t row = 0; row < rows; ++row) x(row, row * 31 % length) = NaN;
  Tape<TestType> tape;
  const auto in = tape.variable(x);
  const auto of_rows = max(in, 1), of_columns = max(transpose(in), 0);
  CHECK_THAT(values(of_rows), AllClose(expected, 0));
  CHECK_THAT(values(of_columns), AllClose(expected, 0));
  (sum(of_rows) + sum(of_columns)).backward();
  CHECK_THAT(values(in.grad()), AllClose(std::vector<double>(rows * length, 0), 0));
}

TEST_CASE("max of infinities and subnormal numbers", "[ops][max][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3, 2}, {-inf, -inf, inf, 1e308, 0, 5e-324}));
  const auto y = max(x, 1);
  CHECK_THAT(values(y), AllClose({-inf, inf, 5e-324}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0.5, 0.5, 1, 0, 0, 1}, 0));
}

TEST_CASE("max along an axis with elements of an empty array is empty", "[ops][max][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 0, 3}));
  const auto y = max(x, 0);
  CHECK(y.shape() == Shape{0, 3});
  sum(y).backward();
  CHECK(x.gradients().shape() == Shape{2, 0, 3});
}

TEST_CASE("max refuses to choose from nothing", "[ops][max][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 0, 3}));
  const std::string text =
      "max: there must be an element to choose, got shape (2, 0, 3) with no elements along the axes";
  CHECK(refusal<ShapeError>(tape, [&] { max(x); }) == text);
  CHECK(refusal<ShapeError>(tape, [&] { max(x, 1); }) == text);
}
