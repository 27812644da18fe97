// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("elu agrees with PyTorch in value and gradient", "[ops][elu]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-2.5, 0, 0.5, 4}));
  const auto y = elu(x, TestType(1.5));
  CHECK_THAT(values(y), AllClose({-1.3768725020641517, 0, 0.5, 4}, ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0.1231274979358482, 1.5, 1, 1}, ulps<TestType>(2)));
}

TEST_CASE("elu agrees with expm1 and exp of the standard library", "[ops][elu]") {
  std::vector<double> numbers;
  for (double x = 1e-300; x < 800; x *= 1.37) numbers.push_back(-x);
  Tape<double> tape;
  const auto x = tape.variable(numbers);
  const auto y = elu(x);
  sum(y).backward();
  std::vector<double> expected, slopes;
  for (const double number : numbers) {
    expected.push_back(std::expm1(number));
    slopes.push_back(std::exp(number));
  }
  CHECK_THAT(values(y), AllClose(expected, ulps<double>(3)));
  CHECK_THAT(values(x.grad()), AllClose(slopes, ulps<double>(3), 5e-324));
}

TEST_CASE("elu of floats is rounded once", "[ops][elu]") {
  std::vector<float> numbers;
  for (float x = 1e-30F; x < 200; x *= 1.13F) numbers.push_back(-x);
  Tape<float> tape;
  std::vector<double> expected;
  for (const float number : numbers) expected.push_back(std::expm1(static_cast<double>(number)));
  CHECK_THAT(values(elu(tape.constant(numbers))), AllClose(expected, ulps<float>(0.501)));
}

TEMPLATE_TEST_CASE("elu of infinities is the limit", "[ops][elu][extremes]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({5}, {-inf, -1e30, 1e30, inf, NaN}));
  const auto y = elu(x, 2);
  CHECK_THAT(values(y), AllClose({-2, -2, static_cast<TestType>(1e30), inf, NaN}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 1, 1, NaN}, 0));
}

TEST_CASE("elu keeps every shape", "[ops][elu][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape));
    const auto y = elu(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("elu gradient agrees with central differences", "[ops][elu][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return elu(x, 0.7); }, irregular({3, 4})), HasCorrectGradient());
}

TEST_CASE("elu of a variable used twice adds both gradients", "[ops][elu][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return elu(x) * x + elu(x, 2.0); }, irregular({5})),
             HasCorrectGradient());
}

TEST_CASE("elu refuses an alpha that is not finite", "[ops][elu][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(1);
  CHECK(refusal<ArgumentError>(tape, [&] { elu(x, -inf); }) == "elu: alpha must be finite, got -inf");
}
