// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("sqrt agrees with PyTorch in value and gradient", "[ops][sqrt]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {0.25, 2, 1000, 9}));
  const auto y = sqrt(x);
  CHECK_THAT(values(y), AllClose({0.5, 1.4142135623730951, 31.622776601683793, 3}, ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({1, 0.35355339059327373, 0.015811388300841896, 0.16666666666666666},
                                        ulps<TestType>(2)));
}

TEST_CASE("sqrt undoes square", "[ops][sqrt]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}, 0, 20));
  CHECK_THAT(values(sqrt(square(x))), AllClose(values(x), ulps<double>(1)));
}

TEST_CASE("sqrt has an infinite gradient at zero and is not a number below", "[ops][sqrt][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({6}, {0, -1, -inf, inf, NaN, std::ldexp(1, -1074)}));
  const auto y = sqrt(x);
  CHECK_THAT(values(y), AllClose({0, NaN, NaN, inf, NaN, std::ldexp(1, -537)}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({inf, NaN, NaN, 0, NaN, std::ldexp(1, 536)}, 0));
}

TEST_CASE("sqrt keeps every shape", "[ops][sqrt][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, 0.1, 5));
    const auto y = sqrt(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("sqrt gradient agrees with central differences", "[ops][sqrt][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return sqrt(x); }, irregular({3, 4}, 0.1, 5)), HasCorrectGradient());
}

TEST_CASE("sqrt of a variable used twice adds both gradients", "[ops][sqrt][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return sqrt(x) * x + sqrt(x); }, irregular({3}, 0.1, 5)),
             HasCorrectGradient());
}

TEST_CASE("sqrt of a constant needs no gradient", "[ops][sqrt][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE((sqrt(x)).requires_grad());
}
