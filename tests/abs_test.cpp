// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("abs drops the sign, and its gradient is the sign", "[ops][abs]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-3, 0, 0.5, -1024}));
  const auto y = abs(x);
  CHECK_THAT(values(y), AllClose({3, 0, 0.5, 1024}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({-1, 0, 1, -1}, 0));
}

TEST_CASE("abs is the larger of a number and its negative", "[ops][abs]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}));
  CHECK(values(abs(x)) == values(maximum(x, -x)));
}

TEST_CASE("abs of infinities, NaN, negative zero and subnormal numbers", "[ops][abs][extremes]") {
  Tape<double> tape;
  const auto y = abs(tape.variable(array({5}, {-inf, inf, NaN, -0.0, -5e-324})));
  CHECK_THAT(values(y), AllClose({inf, inf, NaN, 0, 5e-324}, 0));
  CHECK_FALSE(std::signbit(y.value()(3)));
}

TEST_CASE("abs keeps every shape", "[ops][abs][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -2, 2));
    const auto y = abs(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("abs gradient agrees with central differences", "[ops][abs][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return abs(x); }, irregular({3, 4}, -2, 2)), HasCorrectGradient());
}

TEST_CASE("abs of a variable used twice adds both gradients", "[ops][abs][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return abs(x) * x + abs(x); }, irregular({3}, -2, 2)),
             HasCorrectGradient());
}

TEST_CASE("abs of a constant needs no gradient", "[ops][abs][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE((abs(x)).requires_grad());
}
