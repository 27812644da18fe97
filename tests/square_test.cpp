// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("square multiplies each element by itself", "[ops][square]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-3, 0, 0.5, 1024}));
  const auto y = square(x);
  CHECK_THAT(values(y), AllClose({9, 0, 0.25, 1048576}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({-6, 0, 1, 2048}, 0));
}

TEST_CASE("square is the same for a number and its negative", "[ops][square]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}));
  CHECK(values(square(-x)) == values(square(x)));
}

TEST_CASE("square overflows to infinity and underflows to zero", "[ops][square][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({5}, {-inf, inf, NaN, -1e200, 1e-200}));
  const auto y = square(x);
  CHECK_THAT(values(y), AllClose({inf, inf, NaN, inf, 0}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({-inf, inf, NaN, -2e200, 2e-200}, 0));
}

TEST_CASE("square keeps every shape", "[ops][square][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -2, 2));
    const auto y = square(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("square gradient agrees with central differences", "[ops][square][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return square(x); }, irregular({3, 4}, -2, 2)), HasCorrectGradient());
}

TEST_CASE("square of a variable used twice adds both gradients", "[ops][square][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return square(x) * x + square(x); }, irregular({3}, -2, 2)),
             HasCorrectGradient());
}

TEST_CASE("square of a constant needs no gradient", "[ops][square][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE((square(x)).requires_grad());
}
