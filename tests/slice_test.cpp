// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("slice takes the positions from begin up to end", "[ops][slice]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  const auto y = slice(x, 1, 1, 3);
  CHECK(y.shape() == Shape{2, 2});
  CHECK_THAT(values(y), AllClose({2, 3, 5, 6}, 0));
  CHECK_THAT(values(slice(x, 0, 1, 2)), AllClose({4, 5, 6}, 0));
}

TEST_CASE("slice counts negative axes and positions from the end", "[ops][slice]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  CHECK_THAT(values(slice(x, -1, -3, -1)), AllClose({1, 2, 4, 5}, 0));
  CHECK_THAT(values(slice(x, -2, -1, 2)), AllClose({4, 5, 6}, 0));
}

TEST_CASE("slice of the whole axis is the whole", "[ops][slice]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({3, 4, 5}));
  CHECK(values(slice(x, 1, 0, 4)) == values(x));
}

TEST_CASE("slice of a slice adds the beginnings", "[ops][slice]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({3, 9, 2}));
  CHECK(values(slice(slice(x, 1, 2, 8), 1, 1, 4)) == values(slice(x, 1, 3, 6)));
}

TEST_CASE("slice moves NaN and infinity unchanged", "[ops][slice][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(array({4}, {NaN, inf, 5e-324, 1}));
  CHECK_THAT(values(slice(x, 0, 0, 3)), AllClose({NaN, inf, 5e-324}, 0));
}

TEST_CASE("slice of no positions is empty and has gradient zero", "[ops][slice][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), empty = tape.variable(irregular({0, 2}));
  const auto y = slice(x, 1, 3, 3);
  CHECK(y.shape() == Shape{2, 0});
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0, 0, 0, 0, 0}, 0));
  CHECK(slice(empty, 0, 0, 0).shape() == Shape{0, 2});
  CHECK(slice(empty, 1, 1, 2).shape() == Shape{0, 1});

  const std::size_t many = std::size_t{1} << 40;
  const Array<double> nothing(Shape{many, 0});
  CHECK(slice(tape.borrow(nothing), 1, 0, 0).shape() == Shape{many, 0});
}

TEST_CASE("slice works along each of eight axes", "[ops][slice][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 2, 2, 2, 2, 2, 2, 2}));
  for (int axis = 0; axis < 8; ++axis) {
    const auto whole = concatenate({slice(x, axis, 0, 1), slice(x, axis, 1, 2)}, axis);
    CHECK(values(whole) == values(x));
  }
}

TEST_CASE("slice gradient agrees with central differences along every axis", "[ops][slice][gradient]") {
  for (const int axis : {-3, -2, -1, 0, 1, 2}) {
    CHECK_THAT(gradcheck([axis](auto x) { return slice(x, axis, 1, -1); }, irregular({3, 4, 3})),
               HasCorrectGradient());
  }
}

TEST_CASE("slice of overlapping positions adds both gradients", "[ops][slice][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({4}));
  sum(slice(x, 0, 0, 3) + slice(x, 0, 1, 4)).backward();
  CHECK_THAT(values(x.grad()), AllClose({1, 2, 2, 1}, 0));
}

TEST_CASE("slice of a constant needs no gradient", "[ops][slice][gradient]") {
  Tape<double> tape;
  CHECK_FALSE(slice(tape.constant(irregular({4})), 0, 1, 2).requires_grad());
}

TEST_CASE("slice names positions that are not within the axis", "[ops][slice][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), scalar = tape.variable(1);
  const std::string rule = "slice: begin <= end must lie within axis 1 of shape (2, 3), got ";
  CHECK(refusal<ShapeError>(tape, [&] { slice(x, 1, 0, 4); }) == rule + "[0, 4)");
  CHECK(refusal<ShapeError>(tape, [&] { slice(x, 1, 2, 1); }) == rule + "[2, 1)");
  CHECK(refusal<ShapeError>(tape, [&] { slice(x, 1, -4, 1); }) == rule + "[-4, 1)");
  CHECK(refusal<ShapeError>(tape, [&] { slice(x, 1, 0, -4); }) == rule + "[0, -4)");
  CHECK(refusal<ArgumentError>(tape, [&] { slice(x, 2, 0, 1); }) ==
        "slice: axis must be in [-2, 2) for shape (2, 3), got 2");
  CHECK(refusal<ArgumentError>(tape, [&] { slice(scalar, 0, 0, 1); }) ==
        "slice: the array must have an axis 0, got a scalar, which has none");
}
