// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// The axes of `shape` that are among `axes`, in order.
std::vector<int> resolved(const Axes& axes, const Shape& shape) {
  const auto flags = axes.resolve("test", shape);
  std::vector<int> result;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (flags[axis]) result.push_back(static_cast<int>(axis));
  }
  return result;
}

using List = std::vector<int>;

}  // namespace

TEST_CASE("Axes by default are all axes", "[ops][axes]") {
  CHECK(resolved({}, {2, 3, 4}) == List{0, 1, 2});
  CHECK(resolved({}, {1, 1, 1, 1, 1, 1, 1, 1}) == List{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(resolved({}, {}) == List{});
}

TEST_CASE("Axes are one number or a list in any order", "[ops][axes]") {
  CHECK(resolved(1, {2, 3, 4}) == List{1});
  CHECK(resolved({2, 0}, {2, 3, 4}) == List{0, 2});
  CHECK(resolved({7, 0, 6, 1, 5, 2, 4, 3}, {1, 1, 1, 1, 1, 1, 1, 1}) == List{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("Axes count negative numbers from the last axis", "[ops][axes]") {
  CHECK(resolved(-1, {2, 3, 4}) == List{2});
  CHECK(resolved({-3, 1}, {2, 3, 4}) == List{0, 1});
}

TEST_CASE("Axes of an empty list are none", "[ops][axes]") {
  const Axes none(std::initializer_list<int>{});
  CHECK(resolved(none, {2, 3}) == List{});
  Tape<double> tape;
  const auto x = tape.constant(irregular({2, 3}));
  CHECK(values(sum(x, none)) == values(x));
}

TEST_CASE("Axes outside the rank are refused", "[ops][axes][errors]") {
  const Shape shape{2, 3};
  CHECK_THROWS_AS(Axes(2).resolve("sum", shape), ArgumentError);
  CHECK_THROWS_WITH(Axes(2).resolve("sum", shape), "sum: axis must be in [-2, 2) for shape (2, 3), got 2");
  CHECK_THROWS_WITH((Axes{0, -3}.resolve("mean", shape)),
                    "mean: axis must be in [-2, 2) for shape (2, 3), got -3");
  CHECK_THROWS_WITH(Axes(0).resolve("max", Shape{}),
                    "max: the array must have an axis 0, got a scalar, which has none");
}

TEST_CASE("Axes that are named twice are refused", "[ops][axes][errors]") {
  CHECK_THROWS_AS((Axes{1, 1}.resolve("sum", {2, 3})), ArgumentError);
  CHECK_THROWS_WITH((Axes{1, 1}.resolve("sum", {2, 3})), "sum: axes must be distinct, got axis 1 twice");
  CHECK_THROWS_WITH((Axes{0, -2}.resolve("sum", {2, 3})), "sum: axes must be distinct, got axis -2 twice");
}

TEST_CASE("Axes of more than an array can have are refused", "[ops][axes][errors]") {
  CHECK_THROWS_AS((Axes{0, 1, 2, 3, 4, 5, 6, 7, 8}), ArgumentError);
  CHECK_THROWS_WITH((Axes{0, 1, 2, 3, 4, 5, 6, 7, 8}), "Axes: an array has at most 8 axes, got a list of 9");
}
