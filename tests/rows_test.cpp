// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/rows.hpp"

#include <cstdint>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

template <class T>
std::vector<T> read(const data::Rows<T>& rows, std::vector<std::size_t> numbers) {
  std::vector<T> to(numbers.size() * rows.width());
  rows.read_rows(numbers, to);
  return to;
}

/// Row r is (r, r + 0.5), for as many rows as no memory holds.
struct Generated {
  Shape shape() const { return {std::size_t{1} << 40, 2}; }
  void read_rows(std::span<const std::size_t> rows, std::span<float> to) const {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      to[2 * i] = static_cast<float>(rows[i]);
      to[2 * i + 1] = static_cast<float>(rows[i]) + 0.5F;
    }
  }
};

}  // namespace

TEMPLATE_TEST_CASE("rows of every element type come as reals", "[data][rows]", float, double, std::int8_t,
                   std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t,
                   std::uint64_t, bool) {
  Array<TestType> array(Shape{3, 2});
  for (std::size_t i = 0; i < 6; ++i) array[i] = static_cast<TestType>(i);
  const double fifth = std::is_same_v<TestType, bool> ? 1 : 5,
               fourth = std::is_same_v<TestType, bool> ? 1 : 4;
  CHECK(read<float>(array, {2, 0}) ==
        std::vector<float>{static_cast<float>(fourth), static_cast<float>(fifth), 0, 1});
  CHECK(read<double>(array, {2}) == std::vector<double>{fourth, fifth});
  CHECK(data::Rows<float>(array).shape() == Shape{3, 2});
  CHECK(data::Rows<float>(array).in_memory());
}

TEST_CASE("integers of every type come as class indices, reals do not", "[data][rows]") {
  const std::vector<std::uint8_t> labels{3, 255, 0};
  CHECK(read<std::int64_t>(labels, {1, 1, 0}) == std::vector<std::int64_t>{255, 255, 3});
  STATIC_REQUIRE_FALSE(std::is_constructible_v<data::Rows<std::int64_t>, const std::vector<float>&>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<data::Rows<std::int64_t>, const Array<double>&>);
}

TEST_CASE("rows are scaled and shifted, rounded once", "[data][rows]") {
  const std::vector<std::uint8_t> bytes{0, 51, 255};
  const auto pixels = data::Rows<float>(bytes).scaled(1.0 / 255);
  CHECK(read<float>(pixels, {0, 1, 2}) == std::vector<float>{0, 0.2F, 1});
  CHECK(read<float>(pixels.scaled(2, -1), {0, 1, 2}) ==
        std::vector<float>{-1, static_cast<float>(51 * (2 / 255.0) - 1), 1});
  // 2^24 + 1 is no float: it is the product that is rounded.
  const std::vector<std::int32_t> large{(1 << 24) + 1};
  CHECK(read<float>(data::Rows<float>(large).scaled(2), {0})[0] == 33554434.0F);
}

TEST_CASE("rows are read where they are if they have a name, and kept if they have none", "[data][rows]") {
  std::vector<float> named{1, 2};
  const data::Rows<float> of_named = named;
  named[1] = 7;
  CHECK(read<float>(of_named, {1}) == std::vector<float>{7});
  data::Rows<float> of_temporary;
  CHECK_FALSE(of_temporary.given());
  of_temporary = std::vector<int>{4, 5};
  const data::Rows<float> copy = of_temporary;
  of_temporary = {};
  CHECK(read<float>(copy, {1, 0}) == std::vector<float>{5, 4});
  const float elements[] = {1, 2, 3, 4};
  CHECK(read<float>({elements, Shape{2, 2}}, {1}) == std::vector<float>{3, 4});
  CHECK(read<float>(xt::xarray<std::int16_t>{{1, 2}, {3, 4}}, {1}) == std::vector<float>{3, 4});
}

TEST_CASE("a store of one's own gives rows by their numbers", "[data][rows]") {
  const data::Rows<float> rows = Generated{};
  CHECK_FALSE(rows.in_memory());
  CHECK(rows.width() == 2);
  CHECK(read<float>(rows, {1000000, 3}) == std::vector<float>{1000000, 1000000.5F, 3, 3.5F});
  const Generated named;
  CHECK(read<float>(data::Rows<float>(named).scaled(2, 1), {3}) == std::vector<float>{7, 8});
}

TEST_CASE("rows may have no elements", "[data][rows]") {
  CHECK(read<float>(Array<float>(Shape{0, 3}), {}).empty());
  CHECK(read<float>(Array<float>(Shape{3, 0}), {0, 2}).empty());
  CHECK(data::Rows<float>().shape() == Shape{});
}
