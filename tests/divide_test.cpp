// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("divide repeats a row for each row of a matrix", "[ops][divide]", float, double) {
  Tape<TestType> tape;
  const auto y = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6})) / tape.variable(array({3}, {2, -4, 0.5}));
  CHECK(y.shape() == Shape{2, 3});
  CHECK_THAT(values(y), AllClose({0.5, -0.5, 6, 2, -1.25, 12}, 0));
}

TEMPLATE_TEST_CASE("divide takes a number on either side", "[ops][divide]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2}, {1, -2}));
  CHECK_THAT(values(x / 4), AllClose({0.25, -0.5}, 0));
  CHECK_THAT(values(3 / x), AllClose({3, -1.5}, 0));
}

TEST_CASE("divide is undone by multiply within an ulp", "[ops][divide]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({3, 4})), b = tape.variable(irregular({4}, 0.1, 10));
  CHECK_THAT(values(a / b * b), AllClose(values(a), ulps<double>(1)));
}

TEST_CASE("divide rounds the quotient of two floats once", "[ops][divide][exactness]") {
  Tape<float> tape;
  Random random(3);
  std::vector<float> a(1000), b(1000), rounded_once(1000);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = std::ldexp(static_cast<float>(random.normal()), static_cast<int>(random.below(100)) - 50);
    b[i] = std::ldexp(static_cast<float>(random.normal()), static_cast<int>(random.below(100)) - 50);
  }
  a[0] = 3e-39F, b[0] = 7e-40F;
  a[1] = 3e38F, b[1] = 2.5e38F;
  // A double has more than twice the digits of a float, so that it rounds to what the quotient itself does.
  for (std::size_t i = 0; i < a.size(); ++i)
    rounded_once[i] = static_cast<float>(static_cast<double>(a[i]) / static_cast<double>(b[i]));
  const auto x = tape.variable(ArrayView<const float>(a.data(), Shape{1000}));
  const auto y = x / tape.variable(ArrayView<const float>(b.data(), Shape{1000}));
  CHECK(std::equal(y.data(), y.data() + y.size(), rounded_once.begin()));
}

TEST_CASE("divide by zero is infinite, and zero by zero is not a number", "[ops][divide][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(array({6}, {1, -1, 0, inf, NaN, 1e308}));
  const auto b = tape.variable(array({6}, {0, 0, 0, inf, 1, 1e-308}));
  CHECK_THAT(values(a / b), AllClose({inf, -inf, NaN, NaN, NaN, inf}, 0));
  CHECK_THAT(values(1 / b), AllClose({inf, inf, inf, 0, 1, 1e308}, ulps<double>(1)));
}

TEST_CASE("divide of arrays without elements has none", "[ops][divide][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({2, 1})), b = tape.variable(irregular({2, 0}));
  const auto y = a / b;
  CHECK(y.shape() == Shape{2, 0});
  sum(y).backward();
  CHECK_THAT(values(a.grad()), AllClose({0, 0}, 0));
}

TEST_CASE("divide gradient agrees with central differences however the shapes broadcast",
          "[ops][divide][gradient]") {
  for (const auto& [a, b] : shapes_that_broadcast) {
    CAPTURE(a, b);
    CHECK_THAT(gradcheck([](auto a, auto b) { return a / b; }, irregular(a), irregular(b, 0.5, 3)),
               HasCorrectGradient());
  }
}

TEST_CASE("divide with a number on either side has the right gradient", "[ops][divide][gradient]") {
  CHECK_THAT(gradcheck([](auto x) { return (2 / x) + (x / -3); }, irregular({2, 2}, 0.5, 2)),
             HasCorrectGradient());
}

TEST_CASE("divide of a variable by itself is one with gradient zero", "[ops][divide][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2}, {4, -0.5}));
  const auto y = x / x;
  CHECK_THAT(values(y), AllClose({1, 1}, 0));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0}, 0));
}

TEST_CASE("divide of constants needs no gradient", "[ops][divide][gradient]") {
  Tape<double> tape;
  const auto c = tape.constant(1), x = tape.variable(1);
  CHECK_FALSE((c / c).requires_grad());
  CHECK_FALSE((c / 2).requires_grad());
  CHECK_FALSE((2 / c).requires_grad());
  CHECK((c / x).requires_grad());
}

TEST_CASE("divide names the shapes that do not broadcast", "[ops][divide][errors]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({0})), b = tape.variable(irregular({2}));
  CHECK(refusal<ShapeError>(tape, [&] { divide(a, b); }) ==
        "divide: shapes must broadcast (aligned at the last axis, extents equal or 1), got (0) and (2)");
}
