// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// PyTorch 1.13, float64.
TEMPLATE_TEST_CASE("power is the base raised to the exponent", "[ops][power]", float, double) {
  Tape<TestType> tape;
  const auto base = tape.variable(array({4}, {0.5, 2, 3, 1.5}));
  const auto exponent = tape.variable(array({4}, {2, 0.5, -1.5, 0}));
  const auto y = power(base, exponent);
  CHECK_THAT(values(y), AllClose({0.25, 1.4142135623730951, 0.19245008972987526, 1}, ulps<TestType>(2)));
  sum(y).backward();
  CHECK_THAT(values(base.grad()),
             AllClose({1, 0.3535533905932738, -0.09622504486493762, 0}, ulps<TestType>(4)));
  CHECK_THAT(values(exponent.grad()),
             AllClose({-0.17328679513998632, 0.9802581434685472, 0.21142803353252135, 0.4054651081081644},
                      ulps<TestType>(4)));
}

TEMPLATE_TEST_CASE("power takes a number for an exponent", "[ops][power]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({3}, {-1.5, 0.5, 2}));
  const auto y = power(x, 3);
  CHECK_THAT(values(y), AllClose({-3.375, 0.125, 8}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({6.75, 0.75, 12}, 0));
}

TEST_CASE("power with the sum of two exponents is the product of powers", "[ops][power]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({3, 1}, 0.1, 10));
  const auto p = tape.variable(irregular({4})), q = tape.variable(irregular({2, 1, 1}));
  // log(10) times the largest exponent turns an ulp of p + q into about 9 of the power.
  CHECK_THAT(values(power(x, p + q)), AllClose(values(power(x, p) * power(x, q)), ulps<double>(12)));
}

TEST_CASE("power follows the standard library at the extremes", "[ops][power][extremes]") {
  Tape<double> tape;
  const auto base = tape.variable(array({8}, {0, 0, 0, NaN, -1, -8, 1e200, inf}));
  const auto exponent = tape.variable(array({8}, {0, 2, -1, 0, inf, 1.0 / 3, 2, -1}));
  CHECK_THAT(values(power(base, exponent)), AllClose({1, 0, inf, 1, 1, NaN, inf, 0}, 0));
}

TEST_CASE("power has a base gradient of zero where the exponent is zero", "[ops][power][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({4}, {0, -3, inf, NaN}));
  sum(power(x, 0)).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 0, 0}, 0));
  sum(power(x, tape.constant(0))).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 0, 0}, 0));
}

TEST_CASE("power of zero has the base gradient of the limit from above", "[ops][power][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>(xt::zeros<double>({4})));
  sum(power(x, tape.constant(array({4}, {2, 1, 0.5, -1})))).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 1, inf, -inf}, 0));
}

TEST_CASE("power of zero has an exponent gradient of zero unless the exponent is negative",
          "[ops][power][extremes]") {
  Tape<double> tape;
  const auto exponent = tape.variable(array({4}, {0, 0.5, 3, -1}));
  sum(power(tape.constant(0), exponent)).backward();
  CHECK_THAT(values(exponent.grad()), AllClose({0, 0, 0, -inf}, 0));
}

TEST_CASE("power of a negative base has a gradient by the base only", "[ops][power][extremes]") {
  Tape<double> tape;
  const auto base = tape.variable(array({2}, {-2, -2})), exponent = tape.variable(array({2}, {3, 0.5}));
  sum(power(base, exponent)).backward();
  CHECK_THAT(values(base.grad()), AllClose({12, NaN}, 0));
  CHECK_THAT(values(exponent.grad()), AllClose({NaN, NaN}, 0));
}

TEST_CASE("power keeps every shape", "[ops][power][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape));
    CHECK(power(x, 2).shape() == shape);
    CHECK(power(x, x).shape() == shape);
  }
}

TEST_CASE("power gradient agrees with central differences however the shapes broadcast",
          "[ops][power][gradient]") {
  for (const auto& [base, exponent] : shapes_that_broadcast) {
    CAPTURE(base, exponent);
    CHECK_THAT(
        gradcheck([](auto x, auto y) { return power(x, y); }, irregular(base, 0.5, 3), irregular(exponent)),
        HasCorrectGradient());
  }
}

TEST_CASE("power with a number for an exponent has the right gradient", "[ops][power][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return power(x, 3) + power(x, -2); }, irregular({2, 3})),
             HasCorrectGradient());
}

TEST_CASE("power of a variable to itself adds both gradients", "[ops][power][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return power(x, x); }, irregular({2, 3}, 0.5, 2)), HasCorrectGradient());
}

TEST_CASE("power of constants needs no gradient", "[ops][power][gradient]") {
  Tape<double> tape;
  const auto c = tape.constant(1), x = tape.variable(1);
  CHECK_FALSE(power(c, c).requires_grad());
  CHECK_FALSE(power(c, 2).requires_grad());
  CHECK(power(c, x).requires_grad());
}

TEST_CASE("power names the shapes that do not broadcast", "[ops][power][errors]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({2, 3})), b = tape.variable(irregular({2}));
  CHECK(refusal<ShapeError>(tape, [&] { power(a, b); }) ==
        "power: shapes must broadcast (aligned at the last axis, extents equal or 1), got (2, 3) and (2)");
}

TEST_CASE("power of a number to a variable is exponential in the variable", "[ops][power][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {-1, 0, 10}));
  const auto y = power(2, x);
  CHECK_THAT(values(y), AllClose({0.5, 1, 1024}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()),
             AllClose({0.5 * std::log(2), std::log(2), 1024 * std::log(2)}, ulps<double>(2)));
  CHECK_THAT(gradcheck([](auto e) { return power(0.7, e); }, irregular({2, 3})), HasCorrectGradient());
}
