// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("where chooses element by element", "[ops][where]", float, double) {
  Tape<TestType> tape;
  const auto a = tape.variable(array({2, 2}, {1, -2, 3, -4})), b = tape.variable(array({2, 2}, {5, 6, 7, 8}));
  const auto y = where(a.value() > 0, a, b);
  CHECK_THAT(values(y), AllClose({1, 6, 3, 8}, 0));
  y.backward(xt::xarray<TestType>{{1, 2}, {3, 4}});
  CHECK_THAT(values(a.grad()), AllClose({1, 0, 3, 0}, 0));
  CHECK_THAT(values(b.grad()), AllClose({0, 2, 0, 4}, 0));
}

TEMPLATE_TEST_CASE("where takes a number for either choice", "[ops][where]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({3}, {-1, 2, -3}));
  CHECK_THAT(values(where(x.value() > 0, x, 0.5)), AllClose({0.5, 2, 0.5}, 0));
  CHECK_THAT(values(where(x.value() > 0, 9, x)), AllClose({-1, 9, -3}, 0));
}

TEST_CASE("where broadcasts the condition and both choices", "[ops][where]") {
  Tape<double> tape;
  const xt::xarray<bool> condition{true, false, true};
  const auto y = where(condition, tape.variable(array({2, 1}, {1, 2})), tape.variable(7));
  CHECK(y.shape() == Shape{2, 3});
  CHECK_THAT(values(y), AllClose({1, 7, 1, 2, 7, 2}, 0));
  const xt::xarray<bool> column = array({2, 1}, {1, -1}) > 0;
  CHECK_THAT(values(where(column, tape.variable(array({2}, {1, 2})), 0)), AllClose({1, 2, 0, 0}, 0));
}

TEST_CASE("where with the opposite condition chooses the others", "[ops][where]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({3, 4})), b = tape.variable(irregular({3, 4}, -1, 1));
  const xt::xarray<bool> condition = a.value() > 0;
  CHECK(values(where(condition, a, b)) == values(where(!condition, b, a)));
}

TEST_CASE("where reads a view of bools in place", "[ops][where]") {
  Tape<double> tape;
  const bool flags[] = {true, false};
  const ArrayView<const bool> condition(flags, Shape{2});
  CHECK_THAT(values(where(condition, tape.variable(array({2}, {1, 2})), 0)), AllClose({1, 0}, 0));
}

TEST_CASE("where keeps its condition when the source is gone", "[ops][where]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2}, {1, 2}));
  xt::xarray<bool> condition{true, false};
  const auto y = where(condition, x, 0);
  condition.fill(false);
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({1, 0}, 0));
}

TEST_CASE("where is not touched by NaN and infinity that it does not choose", "[ops][where][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({3}, {NaN, 1, inf})), other = tape.variable(array({3}, {5, NaN, -inf}));
  const auto y = where(xt::xarray<bool>{false, true, true}, x, other);
  CHECK_THAT(values(y), AllClose({5, 1, inf}, 0));
  y.backward(xt::xarray<double>{NaN, 1, 1});
  CHECK_THAT(values(x.grad()), AllClose({0, 1, 1}, 0));
  CHECK_THAT(values(other.grad()), AllClose({NaN, 0, 0}, 0));
}

TEST_CASE("where keeps every shape", "[ops][where][extremes]") {
  Tape<double> tape;
  for (const Shape& shape : shapes_of_every_kind) {
    const auto x = tape.variable(irregular(shape));
    const auto y = where(x.value() > 0, x, 0);
    CHECK(y.shape() == shape);
    CHECK(values(y) == values(relu(x)));
  }
}

TEST_CASE("where gradient agrees with central differences however the shapes broadcast",
          "[ops][where][gradient]") {
  for (const auto& [a, b] : shapes_that_broadcast) {
    for (const Shape& shape : {a, b, Shape{}}) {
      CAPTURE(shape, a, b);
      const xt::xarray<bool> condition = irregular(shape) > 0;
      CHECK_THAT(
          gradcheck([&](auto a, auto b) { return where(condition, a, b); }, irregular(a), irregular(b)),
          HasCorrectGradient());
    }
  }
}

TEST_CASE("where with a number has the right gradient", "[ops][where][gradient]") {
  const xt::xarray<bool> condition = irregular({3, 1}) > 0;
  CHECK_THAT(
      gradcheck([&](auto x) { return where(condition, x, 1) * where(condition, 2, x); }, irregular({2})),
      HasCorrectGradient());
}

TEST_CASE("where between a variable and itself has gradient one", "[ops][where][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2}, {1, 2}));
  sum(where(xt::xarray<bool>{true, false}, x, x)).backward();
  CHECK_THAT(values(x.grad()), AllClose({1, 1}, 0));
}

TEST_CASE("where of constants needs no gradient", "[ops][where][gradient]") {
  Tape<double> tape;
  const auto c = tape.constant(1), x = tape.variable(1);
  const xt::xarray<bool> yes = true;
  CHECK_FALSE(where(yes, c, c).requires_grad());
  CHECK_FALSE(where(yes, c, 2).requires_grad());
  CHECK(where(yes, c, x).requires_grad());
}

TEST_CASE("where names the shapes that do not broadcast", "[ops][where][errors]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({2, 3})), b = tape.variable(irregular({2}));
  const xt::xarray<bool> pair{true, false}, triple{true, false, true};
  const std::string rule =
      "where: shapes must broadcast (aligned at the last axis, extents equal or 1), got ";
  CHECK(refusal<ShapeError>(tape, [&] { where(pair, a, a); }) == rule + "(2) and (2, 3)");
  CHECK(refusal<ShapeError>(tape, [&] { where(triple, a, b); }) == rule + "(2, 3) and (2)");
  CHECK(refusal<ShapeError>(tape, [&] { where(triple, b, 0); }) == rule + "(3) and (2)");
  CHECK(refusal<ShapeError>(tape, [&] { where(triple, 0, b); }) == rule + "(3) and (2)");
}
