// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <span>

#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

template <class From, class To>
concept ConvertsTo = requires(From from) {
  To(from);
};

const std::string not_contiguous =
    "ArrayView: the array must be in row-major order without gaps, got strides that do not fit its shape ";

}  // namespace

TEST_CASE("a default view is empty", "[core][array_view]") {
  const ArrayView<double> nothing;
  CHECK(nothing.empty());
  CHECK(nothing.size() == 0);
  CHECK(nothing.data() == nullptr);
  CHECK(nothing.shape() == Shape{0});
}

TEST_CASE("a view of xtensor's containers has their memory and shape", "[core][array_view]") {
  xt::xarray<double> array{{1, 2, 3}, {4, 5, 6}};
  const ArrayView<double> view(array);
  CHECK(view.data() == array.data());
  CHECK(view.shape() == Shape{2, 3});
  CHECK(view.size() == 6);
  CHECK(view[4] == 5);
  view[4] = 50;
  CHECK(array(1, 1) == 50);
  CHECK_THAT(values(std::vector<double>(view.begin(), view.end())), AllClose({1, 2, 3, 4, 50, 6}, 0));

  const xt::xtensor<float, 1> fixed_rank{7, 8};
  CHECK(ArrayView<const float>(fixed_rank).data() == fixed_rank.data());
  const xt::xarray<double> scalar = 3.5;
  CHECK(ArrayView<const double>(scalar).shape() == Shape{});
  CHECK(ArrayView<const double>(scalar)[0] == 3.5);
}

TEST_CASE("a view of flat containers has one axis", "[core][array_view]") {
  std::vector<double> vector{1, 2, 3};
  const std::array<float, 2> array{4, 5};
  CHECK(ArrayView<double>(vector).data() == vector.data());
  CHECK(ArrayView<const double>(vector).shape() == Shape{3});
  CHECK(ArrayView<const float>(array).shape() == Shape{2});
  CHECK(ArrayView<const double>(std::span(vector).subspan(1)).data() == vector.data() + 1);
  const std::vector<double> nothing;
  CHECK(ArrayView<const double>(nothing).empty());
}

TEST_CASE("rows of an xtensor view start where they stand", "[core][array_view]") {
  xt::xarray<double> array{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  const ArrayView<const double> row(xt::view(array, 1));
  CHECK(row.shape() == Shape{3});
  CHECK(row[0] == 4);
  const ArrayView<const double> rows(xt::view(array, xt::range(1, 3), xt::all()));
  CHECK(rows.shape() == Shape{2, 3});
  CHECK(rows[0] == 4);
  CHECK(ArrayView<const double>(xt::view(array, xt::range(1, 2), xt::range(1, 2)))[0] == 5);
}

TEST_CASE("a view converts from mutable to const, and to no other type", "[core][array_view]") {
  STATIC_REQUIRE(ConvertsTo<ArrayView<double>, ArrayView<const double>>);
  STATIC_REQUIRE_FALSE(ConvertsTo<ArrayView<const double>, ArrayView<double>>);
  STATIC_REQUIRE_FALSE(ConvertsTo<ArrayView<float>, ArrayView<const double>>);
  STATIC_REQUIRE_FALSE(ConvertsTo<const std::vector<double>&, ArrayView<double>>);
  STATIC_REQUIRE_FALSE(ConvertsTo<const xt::xarray<float>&, ArrayView<const double>>);
}

TEST_CASE("the shape of a temporary view does not dangle", "[core][array_view]") {
  const std::vector<double> vector{1, 2, 3};
  STATIC_REQUIRE(std::is_same_v<decltype(ArrayView<const double>(vector).shape()), Shape>);
  const Shape& shape = ArrayView<const double>(vector).shape();
  CHECK(shape == Shape{3});
}

TEST_CASE("an array with gaps or of another order is refused", "[core][array_view][errors]") {
  const xt::xarray<double> array{{1, 2, 3}, {4, 5, 6}};
  const auto column = xt::view(array, xt::all(), 1);
  CHECK_THROWS_AS(ArrayView<const double>(column), ShapeError);
  CHECK_THROWS_WITH(ArrayView<const double>(column),
                    not_contiguous + "(2); copy it into an xt::xarray first");
  const xt::xarray<double, xt::layout_type::column_major> columns = array;
  CHECK_THROWS_WITH(ArrayView<const double>(columns),
                    not_contiguous + "(2, 3); copy it into an xt::xarray first");
  const auto left_part = xt::view(array, xt::all(), xt::range(0, 2));
  CHECK_THROWS_WITH(ArrayView<const double>(left_part),
                    not_contiguous + "(2, 2); copy it into an xt::xarray first");
}

TEST_CASE("strides of axes with one element, or of no elements, make no difference", "[core][array_view]") {
  const xt::xarray<double, xt::layout_type::column_major> row{{1, 2, 3}};
  CHECK(ArrayView<const double>(row).shape() == Shape{1, 3});
  const xt::xarray<double> array{{1, 2, 3}, {4, 5, 6}};
  CHECK(ArrayView<const double>(xt::view(array, xt::range(0, 1), xt::range(1, 3)))[1] == 3);
  CHECK(ArrayView<const double>(xt::view(array, xt::range(0, 0), xt::range(0, 2))).shape() == Shape{0, 2});
  CHECK(ArrayView<const double>(xt::view(array, xt::all(), xt::range(0, 0))).shape() == Shape{2, 0});
  const xt::xarray<double, xt::layout_type::column_major> nothing = xt::xarray<double>::from_shape({2, 0, 3});
  CHECK(ArrayView<const double>(nothing).shape() == Shape{2, 0, 3});
}
