// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("relu keeps what is positive, with gradient one", "[ops][relu]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({4}, {-3, 0, 0.5, 1024}));
  const auto y = relu(x);
  CHECK_THAT(values(y), AllClose({0, 0, 0.5, 1024}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 1, 1}, 0));
}

TEST_CASE("relu of a number less relu of its negative is the number", "[ops][relu]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4, 3}));
  CHECK(values(relu(x) - relu(-x)) == values(x));
}

TEST_CASE("relu of infinities, NaN and subnormal numbers", "[ops][relu][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({5}, {-inf, inf, NaN, -5e-324, 5e-324}));
  CHECK_THAT(values(relu(x)), AllClose({0, inf, NaN, 0, 5e-324}, 0));
}

TEMPLATE_TEST_CASE("relu of -0 is 0", "[ops][relu][extremes]", float, double) {
  Tape<TestType> tape;
  const auto y = relu(tape.constant(xt::xarray<TestType>({19}, -TestType{0})));
  CHECK(std::ranges::none_of(y.values(), [](TestType z) { return std::signbit(z); }));
}

TEST_CASE("relu keeps every shape", "[ops][relu][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape, -2, 2));
    const auto y = relu(x);
    CHECK(y.shape() == shape);
    sum(y).backward();
    CHECK(x.gradients().shape() == shape);
  }
}

TEST_CASE("relu gradient agrees with central differences", "[ops][relu][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return relu(x); }, irregular({3, 4}, -2, 2)), HasCorrectGradient());
}

TEST_CASE("relu of a variable used twice adds both gradients", "[ops][relu][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return relu(x) * x + relu(x); }, irregular({3}, -2, 2)),
             HasCorrectGradient());
}

TEST_CASE("relu of a constant needs no gradient", "[ops][relu][gradient]") {
  Tape<double> tape;
  const auto x = tape.constant(1);
  CHECK_FALSE((relu(x)).requires_grad());
}
