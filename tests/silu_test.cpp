// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("silu agrees with PyTorch in value and gradient", "[ops][silu]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-2.5, 0, 0.5, 4}));
  const auto y = silu(x);
  CHECK_THAT(values(y),
             AllClose({-0.18964545005310887, 0, 0.3112296656009273, 3.928055160151634}, ulps<TestType>(4)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({-0.09940111134152683, 0.5, 0.7399611873026519, 1.0526646148910728},
                                        ulps<TestType>(4)));
}

TEST_CASE("silu of a number less silu of its negative is the number", "[ops][silu]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}, 1, 30));
  CHECK_THAT(values(silu(x) - silu(-x)), AllClose(values(x), ulps<double>(2)));
}

TEMPLATE_TEST_CASE("silu keeps its relative precision in the tails", "[ops][silu][extremes]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({6}, {-85, -40.5, -17, -2, 17, 30}));
  const auto y = silu(x);
  // mpmath, 50 digits.
  CHECK_THAT(values(y), AllClose({-1.0336844043649017e-35, -1.0435866292077673e-16, -7.037893830570362e-7,
                                  -0.23840584404423511, 16.999999296210617, 29.999999999997193},
                                 ulps<TestType>(4)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()),
             AllClose({-1.0215234113723735e-35, -1.0178190581162175e-16, -6.6238997844665197e-7,
                       -0.090784248784895479, 1.0000006623899784, 1.0000000000027137},
                      ulps<TestType>(4)));
}

TEST_CASE("silu of doubles keeps its relative precision down to 700 e^-700", "[ops][silu][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {-700, -40, 40}));
  const auto y = silu(x);
  // mpmath, 50 digits.
  CHECK_THAT(values(y), AllClose({-6.9017735806318396e-302, -1.6993417021166356e-16, 40}, ulps<double>(4)));
  sum(y).backward();
  CHECK_THAT(
      values(x.grad()),
      AllClose({-6.8919139040880798e-302, -1.6568581595637197e-16, 1.0000000000000002}, ulps<double>(4)));
}

TEST_CASE("silu of a large negative float is a subnormal number, and so is its slope",
          "[ops][silu][extremes]") {
  Tape<float> tape;
  const auto x = tape.variable(-100);
  const auto y = silu(x);
  y.backward();
  // mpmath; subnormal floats are 1.4e-45 apart.
  CHECK_THAT(y.item(), WithinAbs(-3.720075976020836e-42, 0.7e-45));
  CHECK_THAT(x.gradients()[0], WithinAbs(-3.6828752162606276e-42, 0.7e-45));
}

TEMPLATE_TEST_CASE("silu of infinities is the limit", "[ops][silu][extremes]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({5}, {-inf, -1e38, 1e38, inf, NaN}));
  const auto y = silu(x);
  CHECK_THAT(values(y), AllClose({0, 0, static_cast<TestType>(1e38), inf, NaN}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 1, 1, NaN}, 0));
}

TEST_CASE("silu keeps every shape", "[ops][silu][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -6, 6));
    const auto y = silu(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("silu gradient agrees with central differences", "[ops][silu][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return silu(x); }, irregular({3, 4}, -6, 6)), HasCorrectGradient());
}

TEST_CASE("silu of a variable used twice adds both gradients", "[ops][silu][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return silu(x) * x + silu(x); }, irregular({3}, -6, 6)),
             HasCorrectGradient());
}

TEST_CASE("silu of a constant needs no gradient", "[ops][silu][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE(silu(x).requires_grad());
}

TEST_CASE("silu keeps the digits of a slope near its lowest point", "[ops][silu][gradient]") {
  const std::vector<double> slopes{2.38438347552431145e-17, 2.17811747732105047e-10, -0.000217665075812785656,
                                   0.0232649452330523729,   -0.0527620589711713961,  0.128689788501058471};
  Tape<double> tape;
  const auto x = tape.variable(array({6}, {-1.2784645427610737, -1.2784645417610736, -1.2794645427610736,
                                           -1.1784645427610737, -1.5784645427610737, -0.8284645427610737}));
  sum(silu(x)).backward();
  CHECK_THAT(values(x.grad()), AllClose(slopes, ulps<double>(4)));
}
