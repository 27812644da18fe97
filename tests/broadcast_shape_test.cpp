// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// The shape to which two arrays of these shapes broadcast, in either order.
Shape broadcast(const Shape& a, const Shape& b) {
  Tape<double> tape;
  const auto x = tape.constant(irregular(a)), y = tape.constant(irregular(b));
  const Shape shape = add(x, y).shape();
  CHECK(add(y, x).shape() == shape);
  return shape;
}

}  // namespace

TEST_CASE("broadcasting aligns shapes at the last axis", "[ops][broadcast_shape]") {
  CHECK(broadcast({2, 3}, {2, 3}) == Shape{2, 3});
  CHECK(broadcast({2, 3}, {3}) == Shape{2, 3});
  CHECK(broadcast({4, 2, 3}, {2, 3}) == Shape{4, 2, 3});
}

TEST_CASE("broadcasting repeats axes of extent one", "[ops][broadcast_shape]") {
  CHECK(broadcast({3, 1}, {1, 4}) == Shape{3, 4});
  CHECK(broadcast({2, 1, 3}, {4, 1}) == Shape{2, 4, 3});
  CHECK(broadcast({1}, {5, 1}) == Shape{5, 1});
}

TEST_CASE("broadcasting repeats a scalar everywhere", "[ops][broadcast_shape]") {
  CHECK(broadcast({}, {}) == Shape{});
  CHECK(broadcast({}, {1}) == Shape{1});
  CHECK(broadcast({}, {2, 3}) == Shape{2, 3});
}

TEST_CASE("broadcasting an extent of zero with one gives zero", "[ops][broadcast_shape][extremes]") {
  CHECK(broadcast({0}, {}) == Shape{0});
  CHECK(broadcast({0}, {1}) == Shape{0});
  CHECK(broadcast({2, 1}, {0}) == Shape{2, 0});
  CHECK(broadcast({0, 3}, {1, 1}) == Shape{0, 3});
}

TEST_CASE("broadcasting reaches eight axes", "[ops][broadcast_shape][extremes]") {
  CHECK(broadcast({2, 1, 1, 1, 2, 1, 1, 1}, {2, 1, 1, 3}) == Shape{2, 1, 1, 1, 2, 1, 1, 3});
}

TEST_CASE("broadcasting sees through repeated and through kept axes alike", "[ops][broadcast_shape]") {
  Tape<double> tape;
  const auto y =
      tape.constant(array({2, 1, 2}, {0, 100, 200, 300})) + tape.constant(array({3, 1}, {1, 2, 3}));
  CHECK(y.shape() == Shape{2, 3, 2});
  CHECK_THAT(values(y), AllClose({1, 101, 2, 102, 3, 103, 201, 301, 202, 302, 203, 303}, 0));
}

TEST_CASE("broadcasting refuses extents that differ and are not one", "[ops][broadcast_shape][errors]") {
  Tape<double> tape;
  const auto try_to = [&](const Shape& a, const Shape& b) {
    const auto x = tape.constant(irregular(a)), y = tape.constant(irregular(b));
    return refusal<ShapeError>(tape, [&] { add(x, y); });
  };
  const std::string rule = "add: shapes must broadcast (aligned at the last axis, extents equal or 1), got ";
  CHECK(try_to({2}, {3}) == rule + "(2) and (3)");
  CHECK(try_to({2, 3}, {2, 1, 3, 3}) == rule + "(2, 3) and (2, 1, 3, 3)");
  CHECK(try_to({0}, {2}) == rule + "(0) and (2)");
  CHECK(try_to({3, 2}, {3}) == rule + "(3, 2) and (3)");
}

TEST_CASE("broadcasting refuses a result that no memory can hold", "[ops][broadcast_shape][errors]") {
  Tape<double> tape;
  const std::size_t huge = std::size_t{1} << 40;
  const auto column = tape.borrow(ArrayView<const double>(nullptr, Shape{huge, 1}));
  const auto row = tape.borrow(ArrayView<const double>(nullptr, Shape{huge}));
  CHECK(
      refusal<ShapeError>(tape, [&] { add(column, row); }) ==
      "Shape: the number of elements must be at most 576460752303423487, got (1099511627776) and an axis of "
      "1099511627776");
}
