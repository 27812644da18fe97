// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("log1p agrees with PyTorch in value and gradient", "[ops][log1p]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-0.75, 0, 0.5, 1000}));
  const auto y = log1p(x);
  CHECK_THAT(values(y),
             AllClose({-1.3862943611198906, 0, 0.4054651081081644, 6.90875477931522}, ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({4, 1, 0.6666666666666666, 0.000999000999000999}, ulps<TestType>(2)));
}

TEST_CASE("log1p is log of one more", "[ops][log1p]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}, 1, 20));
  CHECK_THAT(values(log1p(x)), AllClose(values(log(1 + x)), ulps<double>(2)));
}

TEMPLATE_TEST_CASE("log1p of a tiny number keeps all its digits", "[ops][log1p][extremes]", float, double) {
  Tape<TestType> tape;
  // log(1 + 2^-40) and log(1 + 2^-20) from mpmath; log1p(x) is x itself where x^2 / 2 is out of sight.
  const auto y = log1p(tape.variable(array({3}, {std::ldexp(1, -40), std::ldexp(1, -20), 1e-30})));
  CHECK_THAT(values(y), AllClose({9.0949470177251465e-13, 9.5367386165918823e-7, 1e-30}, ulps<TestType>(1)));
}

TEST_CASE("log1p is minus infinity at minus one and not a number below", "[ops][log1p][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({6}, {-1, -2, -inf, inf, NaN, 5e-324}));
  const auto y = log1p(x);
  CHECK_THAT(values(y), AllClose({-inf, NaN, NaN, inf, NaN, 5e-324}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({inf, -1, 0, 0, NaN, 1}, 0));
}

TEST_CASE("log1p keeps every shape", "[ops][log1p][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -0.9, 5));
    const auto y = log1p(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("log1p gradient agrees with central differences", "[ops][log1p][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return log1p(x); }, irregular({3, 4}, -0.9, 5)), HasCorrectGradient());
}

TEST_CASE("log1p of a variable used twice adds both gradients", "[ops][log1p][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return log1p(x) * x + log1p(x); }, irregular({3}, -0.9, 5)),
             HasCorrectGradient());
}

TEST_CASE("log1p of a constant needs no gradient", "[ops][log1p][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE((log1p(x)).requires_grad());
}
