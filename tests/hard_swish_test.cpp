// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("hard_swish is x (x + 3) / 6 from -3 to 3, and its slope (2 x + 3) / 6",
                   "[ops][hard_swish]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({7}, {-2, -1.5, -1, 0, 0.5, 1, 2}));
  const auto y = hard_swish(x);
  CHECK_THAT(values(y),
             AllClose({-1.0 / 3, -0.375, -1.0 / 3, 0, 7.0 / 24, 2.0 / 3, 5.0 / 3}, ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()),
             AllClose({-1.0 / 6, 0, 1.0 / 6, 0.5, 2.0 / 3, 5.0 / 6, 7.0 / 6}, ulps<TestType>(2)));
}

TEMPLATE_TEST_CASE("hard_swish is 0 up to -3 and x from 3 on, with the slopes of both", "[ops][hard_swish]",
                   float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-4, -3, 3, 4}));
  const auto y = hard_swish(x);
  CHECK_THAT(values(y), AllClose({0, 0, 3, 4}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 1, 1}, 0));
}

TEST_CASE("hard_swish of a number less hard_swish of its negative is the number", "[ops][hard_swish]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}, -8, 8));
  CHECK_THAT(values(hard_swish(x) - hard_swish(-x)), AllClose(values(x), ulps<double>(4)));
}

TEMPLATE_TEST_CASE("hard_swish of infinities is the limit", "[ops][hard_swish][extremes]", float, double) {
  constexpr TestType largest = std::numeric_limits<TestType>::max();
  Tape<TestType> tape;
  const auto x = tape.variable(array({5}, {-inf, -largest, largest, inf, NaN}));
  const auto y = hard_swish(x);
  CHECK_THAT(values(y), AllClose({0, 0, largest, inf, NaN}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 1, 1, NaN}, 0));
}

TEST_CASE("hard_swish keeps its relative precision next to -3 and 0", "[ops][hard_swish][extremes]") {
  Tape<double> tape;
  const double step = 0x1p-50;
  const auto x = tape.variable(array({3}, {-3 + step, -step, step}));
  const auto y = hard_swish(x);
  CHECK_THAT(values(y), AllClose({-step / 2, -step / 2, step / 2}, ulps<double>(4)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({-0.5, 0.5, 0.5}, ulps<double>(4)));
}

TEST_CASE("hard_swish keeps every shape", "[ops][hard_swish][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -6, 6));
    const auto y = hard_swish(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("hard_swish gradient agrees with central differences", "[ops][hard_swish][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return hard_swish(x); }, irregular({3, 4}, -6, 6)), HasCorrectGradient());
}

TEST_CASE("hard_swish of a variable used twice adds both gradients", "[ops][hard_swish][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return hard_swish(x) * x + hard_swish(x); }, irregular({3}, -6, 6)),
             HasCorrectGradient());
}

TEST_CASE("hard_swish of a constant needs no gradient", "[ops][hard_swish][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE(hard_swish(x).requires_grad());
}
