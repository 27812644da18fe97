// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("multiply of a column and a row is their outer product", "[ops][multiply]", float,
                   double) {
  Tape<TestType> tape;
  const auto y = tape.variable(array({2, 1}, {2, -3})) * tape.variable(array({1, 3}, {1, 10, 0.5}));
  CHECK(y.shape() == Shape{2, 3});
  CHECK_THAT(values(y), AllClose({2, 20, 1, -3, -30, -1.5}, 0));
}

TEMPLATE_TEST_CASE("multiply takes a number on either side", "[ops][multiply]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2}, {1, -2}));
  CHECK_THAT(values(x * 3), AllClose({3, -6}, 0));
  CHECK_THAT(values(0.5 * x), AllClose({0.5, -1}, 0));
}

TEST_CASE("multiply gives the same in either order", "[ops][multiply]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({3, 1})), b = tape.variable(irregular({2, 1, 4}, 1e-3, 1e3));
  CHECK(values(a * b) == values(b * a));
}

TEST_CASE("multiply follows IEEE arithmetic at the extremes", "[ops][multiply][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(array({5}, {inf, inf, NaN, 1e200, 5e-324}));
  const auto b = tape.variable(array({5}, {-2, 0, 0, 1e200, 0.25}));
  CHECK_THAT(values(a * b), AllClose({-inf, NaN, NaN, inf, 0}, 0));
}

TEST_CASE("multiply of arrays without elements has none", "[ops][multiply][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({0})), b = tape.variable(2);
  const auto y = a * b;
  CHECK(y.shape() == Shape{0});
  sum(y).backward();
  CHECK(b.grad()() == 0);
}

TEST_CASE("multiply gradient agrees with central differences however the shapes broadcast",
          "[ops][multiply][gradient]") {
  for (const auto& [a, b] : shapes_that_broadcast) {
    CAPTURE(a, b);
    CHECK_THAT(gradcheck([](auto a, auto b) { return a * b; }, irregular(a), irregular(b, 0.5, 3)),
               HasCorrectGradient());
  }
}

TEST_CASE("multiply by a number scales the gradient", "[ops][multiply][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return (2 * x) * (x * -3); }, irregular({2, 2})), HasCorrectGradient());
}

TEST_CASE("multiply of a variable by itself has gradient 2 x", "[ops][multiply][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {3, 0, -4}));
  sum(x * x).backward();
  CHECK_THAT(values(x.grad()), AllClose({6, 0, -8}, 0));
}

TEST_CASE("multiply of constants needs no gradient", "[ops][multiply][gradient]") {
  Tape<double> tape;
  const auto c = tape.constant(1), x = tape.variable(1);
  CHECK_FALSE((c * c).requires_grad());
  CHECK_FALSE((c * 2).requires_grad());
  CHECK((c * x).requires_grad());
}

TEST_CASE("multiply names the shapes that do not broadcast", "[ops][multiply][errors]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({2, 3})), b = tape.variable(irregular({3, 2}));
  CHECK(refusal<ShapeError>(tape, [&] { multiply(a, b); }) ==
        "multiply: shapes must broadcast (aligned at the last axis, extents equal or 1), got (2, 3) and (3, "
        "2)");
}
