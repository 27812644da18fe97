// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("reshape keeps the elements in row-major order", "[ops][reshape]", float, double) {
  Tape<TestType> tape;
  const auto x = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  const auto y = reshape(x, {3, 2});
  CHECK(y.shape() == Shape{3, 2});
  CHECK(y.value()(2, 0) == 5);
  CHECK_THAT(values(y), AllClose({1, 2, 3, 4, 5, 6}, 0));
}

TEST_CASE("reshape shares the memory of its input", "[ops][reshape]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({6}));
  CHECK(reshape(x, {2, 3}).data() == x.data());
}

TEST_CASE("reshape back is the identity", "[ops][reshape]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3, 4}));
  const auto y = reshape(reshape(x, {24}), {2, 3, 4});
  CHECK(y.shape() == x.shape());
  CHECK(values(y) == values(x));
}

TEST_CASE("reshape goes from a scalar to eight axes and back", "[ops][reshape][extremes]") {
  Tape<double> tape;
  const auto deep = reshape(tape.variable(NaN), {1, 1, 1, 1, 1, 1, 1, 1});
  CHECK(deep.shape().rank() == 8);
  CHECK_THAT(values(reshape(deep, {})), AllClose({NaN}, 0));
}

TEST_CASE("reshape of an array without elements has none", "[ops][reshape][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 0}));
  const auto y = reshape(x, {0, 5, 3});
  CHECK(y.shape() == Shape{0, 5, 3});
  sum(y).backward();
  CHECK(x.gradients().shape() == Shape{2, 0});
}

TEST_CASE("reshape gradient agrees with central differences", "[ops][reshape][gradient]") {
  CHECK_THAT(gradcheck(
                 [](auto x) {
                   return square(reshape(x, {3, 1, 2}));
                 },
                 irregular({2, 3})),
             HasCorrectGradient());
}

TEST_CASE("reshape of a variable used twice adds both gradients", "[ops][reshape][gradient]") {
  CHECK_THAT(gradcheck(
                 [](auto x) {
                   return reshape(x, {4}) * reshape(x, {4, 1});
                 },
                 irregular({2, 2})),
             HasCorrectGradient());
}

TEST_CASE("reshape of a constant needs no gradient", "[ops][reshape][gradient]") {
  Tape<double> tape;
  CHECK_FALSE(reshape(tape.constant(irregular({4})), {2, 2}).requires_grad());
}

TEST_CASE("reshape names a shape with another number of elements", "[ops][reshape][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(irregular({2, 3})), empty = tape.variable(irregular({0}));
  CHECK(refusal<ShapeError>(tape, [&] { reshape(x, {4}); }) ==
        "reshape: shape must have the 6 elements of x (2, 3), got (4)");
  CHECK(refusal<ShapeError>(tape, [&] { reshape(empty, {}); }) ==
        "reshape: shape must have the 0 elements of x (0), got ()");
}
