// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <cstdint>
#include <span>

#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

std::vector<double> read(Indices indices) {
  Array<std::int64_t> numbers(indices.shape());
  indices.copy_to(numbers);
  return values(numbers);
}

Shape shape_of(Indices indices) { return indices.shape(); }

template <class Source>
concept Accepted = requires(const Source& source) {
  Indices(source);
};

}  // namespace

TEMPLATE_TEST_CASE("indices may be of any integer type", "[core][indices]", signed char, unsigned char, short,
                   unsigned short, int, unsigned, long, unsigned long, long long, unsigned long long) {
  const xt::xarray<TestType> array{{1, 2}, {3, 127}};
  CHECK(shape_of(array) == Shape{2, 2});
  CHECK_THAT(read(array), AllClose({1, 2, 3, 127}, 0));
  const std::vector<TestType> list{0, 5};
  CHECK(shape_of(list) == Shape{2});
  CHECK_THAT(read(list), AllClose({0, 5}, 0));
  CHECK(shape_of(TestType{7}) == Shape{});
  CHECK_THAT(read(TestType{7}), AllClose({7}, 0));
}

TEST_CASE("indices keep negative and large numbers", "[core][indices]") {
  CHECK_THAT(read(-3), AllClose({-3}, 0));
  CHECK_THAT(read(std::vector<std::int64_t>{-1, std::int64_t{1} << 52}), AllClose({-1, 0x1p52}, 0));
}

TEST_CASE("indices may be xtensor expressions", "[core][indices]") {
  const xt::xarray<int> array{{1, 2, 3}, {4, 5, 6}};
  CHECK_THAT(read(array + 1), AllClose({2, 3, 4, 5, 6, 7}, 0));
  CHECK_THAT(read(xt::view(array, xt::all(), 2)), AllClose({3, 6}, 0));
  CHECK_THAT(read(xt::transpose(array)), AllClose({1, 4, 2, 5, 3, 6}, 0));
  CHECK_THAT(read(xt::arange<int>(3)), AllClose({0, 1, 2}, 0));
  const xt::xtensor<short, 1> fixed_rank{9, 8};
  CHECK_THAT(read(fixed_rank), AllClose({9, 8}, 0));
}

TEST_CASE("indices may be an Array of the library's own", "[core][indices]") {
  const Array<std::int64_t> labels(std::vector<std::int64_t>{4, 2});
  CHECK(shape_of(labels) == Shape{2});
  CHECK_THAT(read(labels), AllClose({4, 2}, 0));
}

TEST_CASE("indices may be views and flat containers", "[core][indices]") {
  const std::vector<std::int64_t> list{1, 2, 3, 4};
  CHECK_THAT(read(ArrayView<const std::int64_t>(list.data(), {2, 2})), AllClose({1, 2, 3, 4}, 0));
  CHECK(shape_of(ArrayView<const std::int64_t>(list.data(), {2, 2})) == Shape{2, 2});
  CHECK_THAT(read(std::span(list).subspan(2)), AllClose({3, 4}, 0));
  CHECK_THAT(read(std::array<int, 2>{5, 6}), AllClose({5, 6}, 0));
  CHECK(Indices(std::vector<int>{}).size() == 0);
}

TEST_CASE("numbers that are no integers are no indices", "[core][indices]") {
  STATIC_REQUIRE(Accepted<int>);
  STATIC_REQUIRE_FALSE(Accepted<double>);
  STATIC_REQUIRE_FALSE(Accepted<bool>);
  STATIC_REQUIRE_FALSE(Accepted<xt::xarray<float>>);
  STATIC_REQUIRE_FALSE(Accepted<xt::xarray<bool>>);
  STATIC_REQUIRE_FALSE(Accepted<std::vector<double>>);
}
