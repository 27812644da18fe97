// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("exp agrees with PyTorch in value and gradient", "[ops][exp]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-1.5, 0, 0.25, 3}));
  const auto y = exp(x);
  CHECK_THAT(values(y),
             AllClose({0.22313016014842982, 1, 1.2840254166877414, 20.085536923187668}, ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()),
             AllClose({0.22313016014842982, 1, 1.2840254166877414, 20.085536923187668}, ulps<TestType>(2)));
}

TEST_CASE("exp of a sum is the product of exps", "[ops][exp]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({4})), b = tape.variable(irregular({4}, -1, 1));
  CHECK_THAT(values(exp(a + b)), AllClose(values(exp(a) * exp(b)), ulps<double>(4)));
}

TEST_CASE("exp reaches zero and infinity only beyond the range of its type", "[ops][exp][extremes]") {
  Tape<float> tape;
  const auto x = tape.variable(array({8}, {-inf, -104, -87, 88.5, 88.75, 1e30, inf, NaN}));
  const auto y = exp(x);
  // From mpmath: e^-87 and e^88.5; the largest float is 3.4e38, less than e^88.75.
  CHECK_THAT(values(y), AllClose({0, 0, 1.6458114310822737e-38, 2.7230878250681116e+38, inf, inf, inf, NaN},
                                 ulps<float>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose(values(y), 0));
}

TEST_CASE("exp of a large negative float is a subnormal number", "[ops][exp][extremes]") {
  Tape<float> tape;
  // e^-100 = 3.720075976020836e-44 (mpmath); subnormal floats are 1.4e-45 apart.
  CHECK_THAT(exp(tape.variable(-100)).item(), WithinAbs(3.720075976020836e-44, 1.4e-45));
}

TEST_CASE("exp keeps every shape", "[ops][exp][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -2, 2));
    const auto y = exp(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("exp gradient agrees with central differences", "[ops][exp][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return exp(x); }, irregular({3, 4}, -2, 2)), HasCorrectGradient());
}

TEST_CASE("exp of a variable used twice adds both gradients", "[ops][exp][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return exp(x) * x + exp(x); }, irregular({3}, -2, 2)),
             HasCorrectGradient());
}

TEST_CASE("exp of a constant needs no gradient", "[ops][exp][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE((exp(x)).requires_grad());
}
