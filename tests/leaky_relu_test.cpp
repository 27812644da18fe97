// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("leaky_relu agrees with PyTorch in value and gradient", "[ops][leaky_relu]", float,
                   double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-2.5, 0, 0.5, 4}));
  const auto y = leaky_relu(x, TestType(0.2));
  CHECK_THAT(values(y), AllClose({-0.5, 0, 0.5, 4}, ulps<TestType>(1)));
  y.backward(tape.constant(irregular({4})));
  CHECK_THAT(values(x.grad()),
             AllClose({0.09442719099991592, -0.21114561800016818, 1.4164078649987388, -0.11145618000168156},
                      ulps<TestType>(2)));
}

TEST_CASE("leaky_relu has the slope 0.01 unless told otherwise", "[ops][leaky_relu]") {
  Tape<double> tape;
  CHECK(leaky_relu(tape.constant(-3)).item() == 0.01 * -3);
}

TEMPLATE_TEST_CASE("leaky_relu of infinities is the limit", "[ops][leaky_relu][extremes]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({3}, {-inf, inf, NaN}));
  const auto y = leaky_relu(x);
  CHECK_THAT(values(y), AllClose({-inf, inf, NaN}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0.01, 1, 0.01}, ulps<TestType>(1)));
}

TEST_CASE("leaky_relu keeps every shape", "[ops][leaky_relu][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape));
    const auto y = leaky_relu(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("leaky_relu of every length has the same values", "[ops][leaky_relu][extremes]") {
  Tape<float> tape;
  const auto all = tape.variable(irregular({70'000}));
  const auto expected = values(leaky_relu(all));
  for (const std::ptrdiff_t length : {1, 7, 16, 17, 31, 64, 69'999}) {
    CHECK(values(leaky_relu(slice(all, 0, 0, length))) ==
          std::vector<double>(expected.begin(), expected.begin() + length));
  }
}

TEST_CASE("leaky_relu gradient agrees with central differences", "[ops][leaky_relu][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return leaky_relu(x, -0.7); }, irregular({3, 4})), HasCorrectGradient());
}

TEST_CASE("leaky_relu of a variable used twice adds both gradients", "[ops][leaky_relu][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return leaky_relu(x, 0.3) * x + leaky_relu(x); }, irregular({5})),
             HasCorrectGradient());
}

TEST_CASE("leaky_relu refuses a slope that is not finite", "[ops][leaky_relu][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(1);
  CHECK(refusal<ArgumentError>(tape, [&] { leaky_relu(x, NaN); }) ==
        "leaky_relu: slope must be finite, got nan");
  CHECK(refusal<ArgumentError>(tape, [&] { leaky_relu(x, inf); }) ==
        "leaky_relu: slope must be finite, got inf");
}
