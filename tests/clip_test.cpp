// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("clip moves what is outside the interval to its nearer end", "[ops][clip]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({6}, {-3, -1, -0.5, 1.5, 2, 7}));
  const auto y = clip(x, -1, 2);
  CHECK_THAT(values(y), AllClose({-1, -1, -0.5, 1.5, 2, 2}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 1, 1, 1, 1, 0}, 0));
}

TEST_CASE("clip a second time changes nothing", "[ops][clip]") {
  Tape<double> tape;
  const auto once = clip(tape.variable(irregular({4, 3})), -0.5, 1);
  CHECK(values(clip(once, -0.5, 1)) == values(once));
}

TEST_CASE("clip brings infinities in and keeps NaN", "[ops][clip][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({4}, {-inf, inf, NaN, 5e-324}));
  CHECK_THAT(values(clip(x, -1, 2)), AllClose({-1, 2, NaN, 5e-324}, 0));
}

TEST_CASE("clip to infinite bounds changes nothing", "[ops][clip][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {-inf, 1e308, inf}));
  const auto y = clip(x, -inf, inf);
  CHECK(values(y) == values(x));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({1, 1, 1}, 0));
}

TEST_CASE("clip to an interval of one point is that point", "[ops][clip][extremes]") {
  Tape<double> tape;
  CHECK_THAT(values(clip(tape.variable(array({3}, {0, 1, 2})), 1, 1)), AllClose({1, 1, 1}, 0));
}

TEST_CASE("clip names bounds in the wrong order", "[ops][clip][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(1);
  CHECK(refusal<ArgumentError>(tape, [&] { clip(x, 2, -0.5); }) ==
        "clip: low must be at most high, got low = 2 and high = -0.5");
  CHECK(refusal<ArgumentError>(tape, [&] { clip(x, NaN, 1); }) ==
        "clip: low must be at most high, got low = nan and high = 1");
  CHECK(refusal<ArgumentError>(tape, [&] { clip(x, 0, NaN); }) ==
        "clip: low must be at most high, got low = 0 and high = nan");
}

TEST_CASE("clip keeps every shape", "[ops][clip][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -2, 2));
    const auto y = clip(x, -0.5, 1);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("clip gradient agrees with central differences", "[ops][clip][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return clip(x, -0.5, 1); }, irregular({3, 4}, -2, 2)),
             HasCorrectGradient());
}

TEST_CASE("clip of a variable used twice adds both gradients", "[ops][clip][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return clip(x, -0.5, 1) * x + clip(x, -0.5, 1); }, irregular({3}, -2, 2)),
             HasCorrectGradient());
}

TEST_CASE("clip of a constant needs no gradient", "[ops][clip][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE((clip(x, -0.5, 1)).requires_grad());
}
