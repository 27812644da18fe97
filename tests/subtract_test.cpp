// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("subtract repeats a column for each column of a matrix", "[ops][subtract]", float,
                   double) {
  Tape<TestType> tape;
  const auto y = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6})) - tape.variable(array({2, 1}, {10, 0.5}));
  CHECK(y.shape() == Shape{2, 3});
  CHECK_THAT(values(y), AllClose({-9, -8, -7, 3.5, 4.5, 5.5}, 0));
}

TEMPLATE_TEST_CASE("subtract takes a number on either side", "[ops][subtract]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2}, {1, -2}));
  CHECK_THAT(values(x - 3), AllClose({-2, -5}, 0));
  CHECK_THAT(values(0.5 - x), AllClose({-0.5, 2.5}, 0));
}

TEST_CASE("subtract changes its sign with the order of its operands", "[ops][subtract]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({3, 1})), b = tape.variable(irregular({2, 1, 4}, 1e-3, 1e3));
  CHECK(values(a - b) == values(-(b - a)));
}

TEST_CASE("subtract follows IEEE arithmetic at the extremes", "[ops][subtract][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(array({5}, {inf, inf, NaN, -1e308, 1e-323}));
  const auto b = tape.variable(array({5}, {-inf, inf, 1, 1e308, 5e-324}));
  CHECK_THAT(values(a - b), AllClose({inf, NaN, NaN, -inf, 5e-324}, 0));
}

TEST_CASE("subtract of arrays without elements has none", "[ops][subtract][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({0, 3})), b = tape.variable(irregular({3}));
  const auto y = a - b;
  CHECK(y.shape() == Shape{0, 3});
  sum(y).backward();
  CHECK_THAT(values(b.grad()), AllClose({0, 0, 0}, 0));
}

TEST_CASE("subtract gradient agrees with central differences however the shapes broadcast",
          "[ops][subtract][gradient]") {
  for (const auto& [a, b] : shapes_that_broadcast) {
    CAPTURE(a, b);
    CHECK_THAT(gradcheck([](auto a, auto b) { return a - b; }, irregular(a), irregular(b)),
               HasCorrectGradient());
  }
}

TEST_CASE("subtract with a number on either side has the right gradient", "[ops][subtract][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return (2 - x) * (x - 3); }, irregular({2, 2})), HasCorrectGradient());
}

TEST_CASE("subtract of a variable from itself has gradient zero", "[ops][subtract][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2}, {3, 4}));
  const auto y = x - x;
  CHECK_THAT(values(y), AllClose({0, 0}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0}, 0));
}

TEST_CASE("subtract of constants needs no gradient", "[ops][subtract][gradient]") {
  Tape<double> tape;
  const auto c = tape.constant(1), x = tape.variable(1);
  CHECK_FALSE((c - c).requires_grad());
  CHECK_FALSE((c - 1).requires_grad());
  CHECK_FALSE((1 - c).requires_grad());
  CHECK((c - x).requires_grad());
}

TEST_CASE("subtract names the shapes that do not broadcast", "[ops][subtract][errors]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({2, 3})), b = tape.variable(irregular({4, 3}));
  CHECK(refusal<ShapeError>(tape, [&] { subtract(a, b); }) ==
        "subtract: shapes must broadcast (aligned at the last axis, extents equal or 1), got (2, 3) and (4, "
        "3)");
}
