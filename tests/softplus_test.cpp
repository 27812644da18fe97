// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("softplus agrees with PyTorch in value and gradient", "[ops][softplus]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-2.5, 0, 0.5, 4}));
  const auto y = softplus(x);
  CHECK_THAT(values(y),
             AllClose({0.07888973429254963, 0.6931471805599453, 0.9740769841801067, 4.0181499279178094},
                      ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()),
             AllClose({0.07585818002124356, 0.5, 0.6224593312018546, 0.9820137900379085}, ulps<TestType>(2)));
}

TEST_CASE("softplus of a number less softplus of its negative is the number", "[ops][softplus]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}, 1, 30));
  CHECK_THAT(values(softplus(x) - softplus(-x)), AllClose(values(x), ulps<double>(2)));
}

TEMPLATE_TEST_CASE("softplus keeps its relative precision in the tails", "[ops][softplus][extremes]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({5}, {-80, -17, -0.5, 17, 88}));
  const auto y = softplus(x);
  // mpmath, 40 digits.
  CHECK_THAT(values(y), AllClose({1.8048513878454152e-35, 4.1399376330897474e-8, 0.47407698418010668,
                                  17.000000041399376, 88},
                                 ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({1.8048513878454152e-35, 4.1399375473943306e-8, 0.37754066879814546,
                                         0.99999995860062453, 1},
                                        ulps<TestType>(2)));
}

TEST_CASE("softplus of doubles keeps its relative precision down to e^-700", "[ops][softplus][extremes]") {
  Tape<double> tape;
  // mpmath, 40 digits.
  CHECK_THAT(values(softplus(tape.variable(array({3}, {-700, -40, 30})))),
             AllClose({9.8596765437597709e-305, 4.248354255291589e-18, 30.000000000000094}, ulps<double>(2)));
}

TEST_CASE("softplus of huge numbers does not overflow", "[ops][softplus][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({5}, {-inf, -1e300, 1e300, inf, NaN}));
  const auto y = softplus(x);
  CHECK_THAT(values(y), AllClose({0, 0, 1e300, inf, NaN}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 1, 1, NaN}, 0));
}

TEST_CASE("softplus keeps every shape", "[ops][softplus][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -6, 6));
    const auto y = softplus(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("softplus gradient agrees with central differences", "[ops][softplus][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return softplus(x); }, irregular({3, 4}, -6, 6)), HasCorrectGradient());
}

TEST_CASE("softplus of a variable used twice adds both gradients", "[ops][softplus][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return softplus(x) * x + softplus(x); }, irregular({3}, -6, 6)),
             HasCorrectGradient());
}

TEST_CASE("softplus of a constant needs no gradient", "[ops][softplus][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE((softplus(x)).requires_grad());
}
