// SPDX-License-Identifier: BSD-3-Clause
#include <type_traits>

#include "matchers.hpp"

using namespace xtape;

TEST_CASE("a shape tells rank, extents and number of elements", "[core][shape]") {
  const Shape shape{2, 3, 4};
  CHECK(shape.rank() == 3);
  CHECK(shape[0] == 2);
  CHECK(shape[2] == 4);
  CHECK(shape.elements() == 24);
  CHECK(std::vector<std::size_t>(shape.begin(), shape.end()) == std::vector<std::size_t>{2, 3, 4});
}

TEST_CASE("a default shape is that of a scalar", "[core][shape]") {
  CHECK(Shape() == Shape{});
  CHECK(Shape().rank() == 0);
  CHECK(Shape().elements() == 1);
}

TEST_CASE("a shape with an extent of zero has no elements", "[core][shape]") {
  CHECK(Shape{0}.elements() == 0);
  CHECK(Shape{3, 0, 2}.elements() == 0);
}

TEST_CASE("shapes are equal if all extents and the rank are", "[core][shape]") {
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK(Shape{2, 3} != Shape{3, 2});
  CHECK(Shape{2} != Shape{2, 1});
  CHECK(Shape{} != Shape{1});
}

TEST_CASE("a shape is made from any range of integers and is cheap to copy", "[core][shape]") {
  const std::vector<int> extents{5, 6};
  CHECK(Shape(extents.begin(), extents.end()) == Shape{5, 6});
  STATIC_REQUIRE(std::is_trivially_copyable_v<Shape>);
}

TEST_CASE("append adds a fastest axis", "[core][shape]") {
  Shape shape{2};
  shape.append(7);
  CHECK(shape == Shape{2, 7});
}

TEST_CASE("shapes are shown in parentheses", "[core][shape]") {
  CHECK(to_string(Shape{}) == "()");
  CHECK(to_string(Shape{3}) == "(3)");
  CHECK(to_string(Shape{32, 10}) == "(32, 10)");
}

TEST_CASE("a shape holds eight axes and refuses a ninth", "[core][shape][errors]") {
  Shape shape{1, 2, 3, 4, 5, 6, 7, 8};
  const Shape before = shape;
  CHECK(shape.elements() == 40320);
  CHECK_THROWS_AS(shape.append(9), ShapeError);
  CHECK_THROWS_WITH(shape.append(9), "Shape: an array has at most 8 axes, got more");
  CHECK(shape == before);
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), ShapeError);
}

TEST_CASE("a shape refuses more elements than memory can hold", "[core][shape][errors]") {
  constexpr std::size_t most = (std::size_t{1} << 59) - 1;
  CHECK(Shape{most}.elements() == most);
  CHECK_THROWS_AS(Shape{most + 1}, ShapeError);
  CHECK_THROWS_WITH(Shape{most + 1},
                    "Shape: an axis must be at most 576460752303423487, got 576460752303423488");
  const std::string text =
      "Shape: the number of elements must be at most 576460752303423487, got (1099511627776) and an axis of "
      "1099511627776";
  constexpr std::size_t large = std::size_t{1} << 40;
  Shape shape{large};
  CHECK_THROWS_WITH(shape.append(large), text);
  CHECK(shape == Shape{large});
  // An axis of extent 0 beside them makes no difference, wherever it stands.
  CHECK_THROWS_AS((Shape{0, large, large}), ShapeError);
  CHECK_THROWS_AS((Shape{large, 0, large}), ShapeError);
  CHECK_THROWS_AS((Shape{std::size_t{1} << 32, std::size_t{1} << 32, 0}), ShapeError);
}
