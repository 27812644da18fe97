// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("log agrees with PyTorch in value and gradient", "[ops][log]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {0.125, 1, 2.5, 1000}));
  const auto y = log(x);
  CHECK_THAT(values(y),
             AllClose({-2.0794415416798357, 0, 0.9162907318741551, 6.907755278982137}, ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({8, 1, 0.4, 0.001}, ulps<TestType>(2)));
}

TEST_CASE("log undoes exp", "[ops][log]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}, 1, 20));
  CHECK_THAT(values(log(exp(x))), AllClose(values(x), ulps<double>(2)));
}

TEST_CASE("log is minus infinity at zero and not a number below", "[ops][log][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({6}, {0, -1, -inf, inf, NaN, 5e-324}));
  const auto y = log(x);
  // log of the smallest subnormal number, 2^-1074: -1074 log(2).
  CHECK_THAT(values(y), AllClose({-inf, NaN, NaN, inf, NaN, -744.4400719213812}, ulps<double>(1)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({inf, -1, 0, 0, NaN, inf}, 0));
}

TEST_CASE("log keeps every shape", "[ops][log][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, 0.1, 5));
    const auto y = log(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("log gradient agrees with central differences", "[ops][log][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return log(x); }, irregular({3, 4}, 0.1, 5)), HasCorrectGradient());
}

TEST_CASE("log of a variable used twice adds both gradients", "[ops][log][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return log(x) * x + log(x); }, irregular({3}, 0.1, 5)),
             HasCorrectGradient());
}

TEST_CASE("log of a constant needs no gradient", "[ops][log][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE((log(x)).requires_grad());
}
