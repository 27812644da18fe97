// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("minimum takes the smaller of each pair", "[ops][minimum]", float, double) {
  Tape<TestType> tape;
  const auto y = minimum(tape.variable(array({2, 1}, {2, -1})), tape.variable(array({3}, {1, 2, 3})));
  CHECK(y.shape() == Shape{2, 3});
  CHECK_THAT(values(y), AllClose({1, 2, 2, -1, -1, -1}, 0));
}

TEMPLATE_TEST_CASE("minimum takes a number", "[ops][minimum]", float, double) {
  Tape<TestType> tape;
  CHECK_THAT(values(minimum(tape.variable(array({3}, {-1, 0.5, 2})), 0.5)), AllClose({-1, 0.5, 0.5}, 0));
}

TEST_CASE("minimum of two and maximum of the same two are the two", "[ops][minimum]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({3, 4})), b = tape.variable(irregular({3, 4}, -1, 1));
  CHECK_THAT(values(minimum(a, b) + maximum(a, b)), AllClose(values(a + b), 0));
}

TEST_CASE("minimum is NaN if either operand is", "[ops][minimum][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(array({3}, {NaN, 1, NaN})), b = tape.variable(array({3}, {1, NaN, NaN}));
  CHECK_THAT(values(minimum(a, b)), AllClose({NaN, NaN, NaN}, 0));
  CHECK_THAT(values(minimum(a, 0)), AllClose({NaN, 0, NaN}, 0));
  CHECK_THAT(values(minimum(b, NaN)), AllClose({NaN, NaN, NaN}, 0));
}

TEST_CASE("minimum orders infinities and subnormal numbers", "[ops][minimum][extremes]") {
  Tape<double> tape;
  const auto a = tape.variable(array({4}, {inf, -inf, -inf, 5e-324}));
  const auto b = tape.variable(array({4}, {1e308, -1e308, inf, 0}));
  CHECK_THAT(values(minimum(a, b)), AllClose({1e308, -inf, -inf, 0}, 0));
}

TEST_CASE("minimum keeps every shape", "[ops][minimum][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape));
    CHECK(minimum(x, 0).shape() == shape);
    CHECK(minimum(x, x).shape() == shape);
  }
}

TEST_CASE("minimum gradient agrees with central differences however the shapes broadcast",
          "[ops][minimum][gradient]") {
  for (const auto& [a, b] : shapes_that_broadcast) {
    CAPTURE(a, b);
    CHECK_THAT(gradcheck([](auto x, auto y) { return minimum(x, y); }, irregular(a), irregular(b, -1, 1.5)),
               HasCorrectGradient());
  }
}

TEST_CASE("minimum with a number passes the gradient where the variable is smaller",
          "[ops][minimum][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {-2, 0.5, 1}));
  sum(minimum(x, 0.25)).backward();
  CHECK_THAT(values(x.grad()), AllClose({1, 0, 0}, 0));
}

TEST_CASE("minimum gives each of two equal operands half of the gradient", "[ops][minimum][gradient]") {
  Tape<double> tape;
  const auto a = tape.variable(array({2}, {2, inf})), b = tape.variable(array({2}, {2, inf}));
  sum(minimum(a, b)).backward();
  CHECK_THAT(values(a.grad()), AllClose({0.5, 0.5}, 0));
  CHECK_THAT(values(b.grad()), AllClose({0.5, 0.5}, 0));
  sum(minimum(a, 2)).backward();
  CHECK(a.grad()(0) == 0.5);
}

TEMPLATE_TEST_CASE("minimum passes the gradient to the smaller of each pair, whatever their number",
                   "[ops][minimum][gradient]", float, double) {
  constexpr std::size_t count = 37;
  Tape<TestType> tape;
  std::vector<TestType> left(count), right(count);
  for (std::size_t i = 0; i < count; ++i) {
    left[i] = i % 9 == 8 ? static_cast<TestType>(NaN) : static_cast<TestType>(i * 7 % 5);
    right[i] = static_cast<TestType>(i * 3 % 4);
  }
  const auto a = tape.variable(left), b = tape.variable(right);
  sum(minimum(a, b)).backward();
  std::vector<double> of_a, of_b;
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_number = !std::isnan(left[i]);
    const double share = left[i] < right[i] ? 1 : left[i] == right[i] ? 0.5 : 0;
    of_a.push_back(share);
    of_b.push_back(is_number ? 1 - share : 0);
  }
  CHECK_THAT(values(a.grad()), AllClose(of_a, 0));
  CHECK_THAT(values(b.grad()), AllClose(of_b, 0));
}

TEST_CASE("minimum of a variable and itself has gradient one", "[ops][minimum][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2}, {3, -4}));
  sum(minimum(x, x)).backward();
  CHECK_THAT(values(x.grad()), AllClose({1, 1}, 0));
}

TEST_CASE("minimum of constants needs no gradient", "[ops][minimum][gradient]") {
  Tape<double> tape;
  const auto c = tape.constant(1), x = tape.variable(1);
  CHECK_FALSE(minimum(c, c).requires_grad());
  CHECK_FALSE(minimum(c, 2).requires_grad());
  CHECK(minimum(c, x).requires_grad());
}

TEST_CASE("minimum names the shapes that do not broadcast", "[ops][minimum][errors]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({2, 3})), b = tape.variable(irregular({2}));
  CHECK(refusal<ShapeError>(tape, [&] { minimum(a, b); }) ==
        "minimum: shapes must broadcast (aligned at the last axis, extents equal or 1), got (2, 3) and (2)");
}
