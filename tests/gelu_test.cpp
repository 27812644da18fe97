// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64; below -1 its 1 + erf cancels.
TEMPLATE_TEST_CASE("gelu agrees with PyTorch in value and gradient", "[ops][gelu]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-0.5, 0, 0.5, 4}));
  const auto y = gelu(x);
  CHECK_THAT(values(y),
             AllClose({-0.15426876936299344, 0, 0.34573123063700656, 3.9998733150326675}, ulps<TestType>(4)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()),
             AllClose({0.13250487534383712, 0.5, 0.8674951246561629, 1.0005036496612265}, ulps<TestType>(4)));
}

TEST_CASE("gelu of a number less gelu of its negative is the number", "[ops][gelu]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}, 1, 30));
  CHECK_THAT(values(gelu(x) - gelu(-x)), AllClose(values(x), ulps<double>(2)));
}

TEMPLATE_TEST_CASE("gelu keeps its relative precision in the tails", "[ops][gelu][extremes]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({6}, {-12.5, -9, -5.5, -1, 5.5, 12}));
  const auto y = gelu(x);
  // mpmath, 50 digits.
  CHECK_THAT(values(y), AllClose({-4.6657053735971417e-35, -1.0157295653584566e-18, -1.0444259356238246e-7,
                                  -0.15865525393145705, 5.4999998955574064, 12},
                                 ulps<TestType>(4)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()),
             AllClose({-5.8316685544801554e-34, -9.1389373739066393e-18, -5.7334723987399248e-7,
                       -0.083315470587686298, 1.0000005733472399, 1},
                      ulps<TestType>(4)));
}

TEST_CASE("gelu of doubles keeps its relative precision down to 1e-298", "[ops][gelu][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {-37, -30.125, -20}));
  const auto y = gelu(x);
  // mpmath, 50 digits.
  CHECK_THAT(values(y),
             AllClose({-2.1184613523340934e-298, -3.4349366718176973e-198, -5.5072482372124674e-88},
                      ulps<double>(4)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()),
             AllClose({-7.8382986694185162e-297, -1.034772173262281e-196, -1.1014360483133464e-86},
                      ulps<double>(4)));
}

TEST_CASE("gelu of a large negative float is a subnormal number, and so is its slope",
          "[ops][gelu][extremes]") {
  Tape<float> tape;
  const auto x = tape.variable(-13.75);
  const auto y = gelu(x);
  y.backward();
  // mpmath; subnormal floats are 1.4e-45 apart.
  CHECK_THAT(y.item(), WithinAbs(-3.5014049344641909e-42, 0.7e-45));
  CHECK_THAT(x.gradients()[0], WithinAbs(-4.8141692640838905e-41, 0.7e-45));
}

TEMPLATE_TEST_CASE("gelu of infinities is the limit", "[ops][gelu][extremes]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({5}, {-inf, -1e38, 1e38, inf, NaN}));
  const auto y = gelu(x);
  CHECK_THAT(values(y), AllClose({0, 0, static_cast<TestType>(1e38), inf, NaN}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 1, 1, NaN}, 0));
}

TEST_CASE("gelu keeps every shape", "[ops][gelu][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -6, 6));
    const auto y = gelu(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("gelu gradient agrees with central differences", "[ops][gelu][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return gelu(x); }, irregular({3, 4}, -6, 6)), HasCorrectGradient());
}

TEST_CASE("gelu of a variable used twice adds both gradients", "[ops][gelu][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return gelu(x) * x + gelu(x); }, irregular({3}, -6, 6)),
             HasCorrectGradient());
}

TEST_CASE("gelu of a constant needs no gradient", "[ops][gelu][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE(gelu(x).requires_grad());
}

TEST_CASE("gelu keeps the digits of a slope near its lowest point", "[ops][gelu][gradient]") {
  const std::vector<double> slopes{-6.45375172936775322e-18, 4.31493974045096622e-10,
                                   -0.000431105689245380236, 0.0470025206988422695,
                                   -0.0948856955105212389,   0.266367914867558552};
  Tape<double> tape;
  const auto x = tape.variable(array({6}, {-0.7517915246935645, -0.7517915236935645, -0.7527915246935645,
                                           -0.6517915246935645, -1.0517915246935645, -0.30179152469356446}));
  sum(gelu(x)).backward();
  CHECK_THAT(values(x.grad()), AllClose(slopes, ulps<double>(4)));
}
