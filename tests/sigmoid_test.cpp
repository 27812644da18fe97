// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("sigmoid agrees with PyTorch in value and gradient", "[ops][sigmoid]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-2.5, 0, 0.5, 4}));
  const auto y = sigmoid(x);
  CHECK_THAT(values(y),
             AllClose({0.07585818002124355, 0.5, 0.6224593312018546, 0.9820137900379085}, ulps<TestType>(4)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0.07010371654510815, 0.25, 0.2350037122015945, 0.017662706213291107},
                                        ulps<TestType>(4)));
}

TEST_CASE("sigmoid of a number and of its negative sum to one", "[ops][sigmoid]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}, -30, 30));
  const std::vector<double> ones(12, 1);
  CHECK_THAT(values(sigmoid(x) + sigmoid(-x)), AllClose(ones, ulps<double>(2)));
}

TEMPLATE_TEST_CASE("sigmoid keeps its relative precision in the tails", "[ops][sigmoid][extremes]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({5}, {-80, -40.5, -17, 17, 30}));
  const auto y = sigmoid(x);
  // mpmath, 40 digits.
  CHECK_THAT(values(y), AllClose({1.8048513878454152e-35, 2.5767571091549809e-18, 4.1399375473943306e-8,
                                  0.99999995860062453, 0.99999999999990642},
                                 ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()),
             AllClose({1.8048513878454152e-35, 2.5767571091549809e-18, 4.1399373760035016e-8,
                       4.1399373760035016e-8, 9.3576229688384233e-14},
                      ulps<TestType>(4)));
}

TEST_CASE("sigmoid of doubles keeps its relative precision down to e^-700", "[ops][sigmoid][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {-700, -40, 40}));
  const auto y = sigmoid(x);
  // mpmath, 40 digits.
  CHECK_THAT(values(y), AllClose({9.8596765437597709e-305, 4.248354255291589e-18, 1}, ulps<double>(2)));
  sum(y).backward();
  CHECK_THAT(
      values(x.grad()),
      AllClose({9.8596765437597709e-305, 4.248354255291589e-18, 4.248354255291589e-18}, ulps<double>(4)));
}

TEST_CASE("sigmoid of a large negative float is a subnormal number", "[ops][sigmoid][extremes]") {
  Tape<float> tape;
  // e^-100 = 3.720075976020836e-44 (mpmath); subnormal floats are 1.4e-45 apart.
  CHECK_THAT(sigmoid(tape.variable(-100)).item(), WithinAbs(3.720075976020836e-44, 1.4e-45));
}

TEST_CASE("sigmoid reaches zero and one at infinity", "[ops][sigmoid][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({5}, {-inf, -1e300, 1e300, inf, NaN}));
  const auto y = sigmoid(x);
  CHECK_THAT(values(y), AllClose({0, 0, 1, 1, NaN}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 0, 0, NaN}, 0));
}

TEST_CASE("sigmoid keeps every shape", "[ops][sigmoid][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -6, 6));
    const auto y = sigmoid(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("sigmoid gradient agrees with central differences", "[ops][sigmoid][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return sigmoid(x); }, irregular({3, 4}, -6, 6)), HasCorrectGradient());
}

TEST_CASE("sigmoid of a variable used twice adds both gradients", "[ops][sigmoid][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return sigmoid(x) * x + sigmoid(x); }, irregular({3}, -6, 6)),
             HasCorrectGradient());
}

TEST_CASE("sigmoid of a constant needs no gradient", "[ops][sigmoid][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE((sigmoid(x)).requires_grad());
}
