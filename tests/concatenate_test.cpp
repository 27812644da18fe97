// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("concatenate puts parts one after the other along an axis", "[ops][concatenate]", float,
                   double) {
  Tape<TestType> tape;
  const auto a = tape.variable(array({2, 2}, {1, 2, 3, 4})), b = tape.variable(array({2, 1}, {5, 6}));
  const auto across = concatenate({a, b, a}, 1);
  CHECK(across.shape() == Shape{2, 5});
  CHECK_THAT(values(across), AllClose({1, 2, 5, 1, 2, 3, 4, 6, 3, 4}, 0));
  CHECK_THAT(values(concatenate({a, b}, -1)), AllClose({1, 2, 5, 3, 4, 6}, 0));
  const auto down = concatenate({a, transpose(b)});
  CHECK(down.shape() == Shape{3, 2});
  CHECK_THAT(values(down), AllClose({1, 2, 3, 4, 5, 6}, 0));
}

TEST_CASE("concatenate of slices gives back the whole", "[ops][concatenate]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({3, 4, 5}));
  for (const int axis : {0, 1, 2}) {
    const auto extent = static_cast<std::ptrdiff_t>(x.shape()[static_cast<std::size_t>(axis)]);
    const auto whole = concatenate({slice(x, axis, 0, 1), slice(x, axis, 1, extent)}, axis);
    CHECK(values(whole) == values(x));
  }
}

TEST_CASE("concatenate of a single part is that part", "[ops][concatenate]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3}));
  CHECK(values(concatenate({x}, 1)) == values(x));
}

TEST_CASE("concatenate takes a list of parts made at run time", "[ops][concatenate]") {
  Tape<double> tape;
  std::vector<Variable<double>> parts;
  for (int i = 0; i < 100; ++i) parts.push_back(tape.variable(array({1}, {static_cast<double>(i)})));
  const auto y = concatenate(std::span<const Variable<double>>(parts));
  CHECK(y.shape() == Shape{100});
  y.backward(y.values());
  CHECK_THAT(values(parts[42].grad()), AllClose({42}, 0));
}

TEST_CASE("concatenate moves NaN and infinity unchanged", "[ops][concatenate][extremes]") {
  Tape<double> tape;
  const auto y = concatenate({tape.variable(array({2}, {NaN, inf})), tape.variable(array({1}, {5e-324}))});
  CHECK_THAT(values(y), AllClose({NaN, inf, 5e-324}, 0));
}

TEST_CASE("concatenate passes over parts without elements", "[ops][concatenate][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), empty = tape.variable(irregular({2, 0}));
  const auto y = concatenate({empty, x, empty}, 1);
  CHECK(values(y) == values(x));
  sum(y).backward();
  CHECK_THAT(values(x.grad()), AllClose({1, 1, 1, 1, 1, 1}, 0));
  CHECK(concatenate({empty, empty}, 1).shape() == Shape{2, 0});
  CHECK(concatenate({empty, empty}, 0).shape() == Shape{4, 0});
}

TEST_CASE("concatenate works along each of eight axes", "[ops][concatenate][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({1, 2, 1, 1, 2, 1, 2, 1}));
  for (int axis = 0; axis < 8; ++axis) {
    const auto y = concatenate({x, x}, axis);
    const auto half = static_cast<std::ptrdiff_t>(x.shape()[static_cast<std::size_t>(axis)]);
    CHECK(values(slice(y, axis, half, 2 * half)) == values(x));
  }
}

TEST_CASE("concatenate gradient agrees with central differences along every axis",
          "[ops][concatenate][gradient]") {
  for (const int axis : {-2, -1, 0, 1}) {
    const auto join = [axis](auto a, auto b) { return concatenate({a, b, b}, axis); };
    CHECK_THAT(gradcheck(join, irregular({2, 3}), irregular({2, 3})), HasCorrectGradient());
  }
  const auto join = [](auto a, auto b) { return concatenate({a, b}, 1); };
  CHECK_THAT(gradcheck(join, irregular({2, 3, 2}), irregular({2, 1, 2})), HasCorrectGradient());
}

TEST_CASE("concatenate of a variable with itself adds both gradients", "[ops][concatenate][gradient]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2}, {1, 2}));
  sum(concatenate({x, x}) * tape.constant(array({4}, {1, 10, 100, 1000}))).backward();
  CHECK_THAT(values(x.grad()), AllClose({101, 1010}, 0));
}

TEST_CASE("concatenate carries gradients only to the parts that need them", "[ops][concatenate][gradient]") {
  Tape<double> tape;
  const auto c = tape.constant(array({2}, {1, 2})), x = tape.variable(array({1}, {3}));
  CHECK_FALSE(concatenate({c, c}).requires_grad());
  concatenate({c, x, c}).backward(xt::xarray<double>{1, 2, 3, 4, 5});
  CHECK_THAT(values(x.grad()), AllClose({3}, 0));
}

TEST_CASE("concatenate names the part that does not fit", "[ops][concatenate][errors]") {
  Tape<double> tape;
  const auto a = tape.variable(irregular({2, 3})), b = tape.variable(irregular({2, 4}));
  const auto vector = tape.variable(irregular({2})), scalar = tape.variable(1);
  CHECK(refusal<ShapeError>(tape, [&] {
          concatenate({a, a, b});
        }) == "concatenate: parts[2] must have the shape of parts[0] (2, 3) but along axis 0, got (2, 4)");
  CHECK(refusal<ShapeError>(tape, [&] {
          concatenate({a, vector}, -1);
        }) == "concatenate: parts[1] must have the shape of parts[0] (2, 3) but along axis 1, got (2)");
  CHECK(refusal<ArgumentError>(tape, [&] {
          concatenate({a, a}, 2);
        }) == "concatenate: axis must be in [-2, 2) for shape (2, 3), got 2");
  CHECK(refusal<ArgumentError>(tape, [&] {
          concatenate({scalar, scalar});
        }) == "concatenate: the array must have an axis 0, got a scalar, which has none");
}

TEST_CASE("concatenate refuses more than can be counted", "[ops][concatenate][errors]") {
  Tape<double> tape;
  const Array<double> nothing(Shape{0, std::size_t{1} << 58});
  const std::vector<Variable<double>> parts(64, tape.borrow(nothing));
  CHECK(refusal<ShapeError>(tape, [&] { concatenate<double>(parts, 1); }) ==
        "concatenate: parts must have fewer than 2^64 elements along axis 1");
}

TEST_CASE("concatenate asks for a part", "[ops][concatenate][errors]") {
  Tape<double> tape;
  CHECK(refusal<ArgumentError>(tape, [] { concatenate(std::span<const Variable<double>>()); }) ==
        "concatenate: there must be at least one part, got none");
}
