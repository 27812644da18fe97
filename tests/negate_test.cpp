// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("negate changes the sign of each element", "[ops][negate]", float, double) {
  Tape<TestType> tape;
  CHECK_THAT(values(-tape.variable(array({3}, {1, -2.5, 1e-30}))),
             AllClose({-1, 2.5, -1e-30}, ulps<TestType>(1)));
}

TEST_CASE("negate twice is the identity", "[ops][negate]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}));
  CHECK(values(-(-x)) == values(x));
}

TEST_CASE("negate changes the sign of zero and of infinity", "[ops][negate][extremes]") {
  Tape<double> tape;
  const auto y = -tape.variable(array({4}, {0, -inf, NaN, 5e-324}));
  CHECK_THAT(values(y), AllClose({0, inf, NaN, -5e-324}, 0));
  CHECK(std::signbit(y.value()(0)));
}

TEST_CASE("negate keeps every shape", "[ops][negate][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) CHECK((-tape.variable(irregular(shape))).shape() == shape);
}

TEST_CASE("negate gradient agrees with central differences", "[ops][negate][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return -x; }, irregular({2, 3})), HasCorrectGradient());
}

TEST_CASE("negate of a variable used twice adds both gradients", "[ops][negate][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return -x * x + -x; }, irregular({3})), HasCorrectGradient());
}

TEST_CASE("negate of a constant needs no gradient", "[ops][negate][gradient]") {
  Tape<double> tape;
  CHECK_FALSE((-tape.constant(1)).requires_grad());
}
