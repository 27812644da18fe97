// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("add repeats a row for each row of a matrix", "[ops][add]", float, double) {
  Tape<TestType> tape;
  const auto y = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6})) + tape.variable(array({3}, {10, 20, 30}));
  CHECK(y.shape() == Shape{2, 3});
  CHECK_THAT(values(y), AllClose({11, 22, 33, 14, 25, 36}, 0));
}

TEMPLATE_TEST_CASE("add takes a number on either side", "[ops][add]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2}, {1, -2}));
  CHECK_THAT(values(x + 3), AllClose({4, 1}, 0));
  CHECK_THAT(values(0.5 + x), AllClose({1.5, -1.5}, 0));
}

TEST_CASE("add gives the same in either order", "[ops][add]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({3, 1})), b = tape.variable(irregular({2, 1, 4}, 1e-3, 1e3));
  CHECK(values(a + b) == values(b + a));
}

TEST_CASE("add follows IEEE arithmetic at the extremes", "[ops][add][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(array({5}, {inf, inf, NaN, 1e308, 5e-324}));
  const auto b = tape.variable(array({5}, {1, -inf, 1, 1e308, 5e-324}));
  CHECK_THAT(values(a + b), AllClose({inf, NaN, NaN, inf, 1e-323}, 0));
}

TEST_CASE("add of arrays without elements has none", "[ops][add][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({2, 0})), b = tape.variable(irregular({2, 1}));
  const auto y = a + b;
  CHECK(y.shape() == Shape{2, 0});
  sum(y).backward();
  CHECK_THAT(values(b.grad()), AllClose({0, 0}, 0));
}

TEST_CASE("add gradient agrees with central differences however the shapes broadcast",
          "[ops][add][gradient]") {
  for (const auto& [a, b] : shapes_that_broadcast) {
    CAPTURE(a, b);
    CHECK_THAT(gradcheck([](auto a, auto b) { return a + b; }, irregular(a), irregular(b)),
               HasCorrectGradient());
  }
}

TEST_CASE("add of a number passes the gradient on", "[ops][add][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return (2 + x) + (x + 3); }, irregular({2, 2})), HasCorrectGradient());
}

TEST_CASE("add of a variable to itself has gradient two", "[ops][add][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2}, {3, 4}));
  sum(x + x).backward();
  CHECK_THAT(values(x.grad()), AllClose({2, 2}, 0));
}

TEST_CASE("add sums a million repeated gradients of a float without drift", "[ops][add][gradient]") {
  Tape<float> tape;
  const auto bias = tape.variable(0);
  const auto y = bias + tape.constant(xt::zeros<float>({1000000}));
  y.backward(xt::xarray<float>(xt::full_like(y.value(), 0.1f)));
  // The exact sum of a million times 0.1f is 100000.00149; added up in float it is 100958.34.
  CHECK(bias.grad()() == 100000);
}

TEST_CASE("add of constants needs no gradient", "[ops][add][gradient]") {
  Tape<double> tape;
  const auto c = tape.constant(1), x = tape.variable(1);
  CHECK_FALSE((c + c).requires_grad());
  CHECK_FALSE((c + 1).requires_grad());
  CHECK((c + x).requires_grad());
}

TEST_CASE("add names the shapes that do not broadcast", "[ops][add][errors]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({2, 3})), b = tape.variable(irregular({2}));
  CHECK(refusal<ShapeError>(tape, [&] { add(a, b); }) ==
        "add: shapes must broadcast (aligned at the last axis, extents equal or 1), got (2, 3) and (2)");
}

TEST_CASE("operators take an xtensor expression beside a variable for a constant", "[ops][add][operators]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{2, 3});
  const xt::xarray<double> c{10, 100};
  CHECK_THAT(values(x + c), AllClose({12, 103}, 0));
  CHECK_THAT(values(c + x), AllClose({12, 103}, 0));
  CHECK_THAT(values(x - c), AllClose({-8, -97}, 0));
  CHECK_THAT(values(c - x), AllClose({8, 97}, 0));
  CHECK_THAT(values(x * (c + 1)), AllClose({22, 303}, 0));
  CHECK_THAT(values(c * x), AllClose({20, 300}, 0));
  CHECK_THAT(values(x / c), AllClose({0.2, 0.03}, 1e-15));
  CHECK_THAT(values(c / x), AllClose({5, 100.0 / 3}, 1e-15));
  CHECK_THAT(values(maximum(x, xt::xarray<int>{5, 1})), AllClose({5, 3}, 0));
  CHECK_THAT(values(minimum(xt::xarray<int>{5, 1}, x)), AllClose({2, 1}, 0));
  sum(x * c).backward();
  CHECK_THAT(values(x.grad()), AllClose({10, 100}, 0));
}

TEST_CASE("an array that does not fit beside a variable leaves nothing on the tape", "[ops][add][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>{2, 3});
  CHECK(refusal<ShapeError>(tape, [&] {
          x + xt::xarray<double>{1, 2, 3};
        }) == "add: shapes must broadcast (aligned at the last axis, extents equal or 1), got (2) and (3)");
  CHECK(refusal<ShapeError>(tape, [&] {
          losses::sigmoid_cross_entropy(x, xt::xarray<double>{1, 0, 1});
        }) == "sigmoid_cross_entropy: labels must have the shape of logits (2), got (3)");
}
