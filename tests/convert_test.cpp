// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

template <class T>
AnyArray any(const std::vector<T>& elements) {
  return AnyArray(Array<T>(ArrayView<const T>(elements)));
}

}  // namespace

TEMPLATE_TEST_CASE("an array is converted from elements of every type", "[core][convert]", float, double,
                   std::int16_t, std::uint64_t) {
  const std::vector<AnyArray> arrays = [] {
    std::vector<AnyArray> all;
    all.push_back(any<float>({0, 1}));
    all.push_back(any<double>({0, 1}));
    all.push_back(any<std::int8_t>({0, 1}));
    all.push_back(any<std::int16_t>({0, 1}));
    all.push_back(any<std::int32_t>({0, 1}));
    all.push_back(any<std::int64_t>({0, 1}));
    all.push_back(any<std::uint8_t>({0, 1}));
    all.push_back(any<std::uint16_t>({0, 1}));
    all.push_back(any<std::uint32_t>({0, 1}));
    all.push_back(any<std::uint64_t>({0, 1}));
    Array<bool> bools(Shape{2});
    bools[1] = true;
    all.push_back(AnyArray(std::move(bools)));
    return all;
  }();
  for (const AnyArray& array : arrays) {
    CHECK_THAT(values(convert<TestType>(array)), AllClose({0, 1}, 0));
    CHECK_FALSE(convert<bool>(array)[0]);
    CHECK(convert<bool>(array)[1]);
  }
}

TEST_CASE("a conversion keeps the shape", "[core][convert]") {
  CHECK(convert<double>(AnyArray(Array<float>(Shape{}))).shape() == Shape{});
  CHECK(convert<double>(AnyArray(Array<float>(Shape{2, 0, 3}))).shape() == Shape{2, 0, 3});
}

TEST_CASE("reals are rounded to the nearest, and keep infinities and NaN", "[core][convert]") {
  const double beside_the_largest = 0x1.fffffefffffffp127;  // less than half a unit above the largest float
  CHECK_THAT(values(convert<float>(any<double>({0.1, inf, -inf, NaN, beside_the_largest}))),
             AllClose({0.1f, inf, -inf, NaN, 0x1.fffffep127}, 0));
  CHECK(convert<float>(any<std::int64_t>({(1 << 24) + 1}))[0] == 1 << 24);
}

TEST_CASE("integers reach to the ends of their range", "[core][convert]") {
  CHECK(convert<std::int64_t>(any<double>({-0x1p63}))[0] == std::numeric_limits<std::int64_t>::min());
  CHECK(convert<std::uint64_t>(any<double>({0x1.fffffffffffffp63}))[0] == 0xfffffffffffff800);
  CHECK_THAT(values(convert<std::int8_t>(any<float>({-128, 127}))), AllClose({-128, 127}, 0));
  CHECK_THAT(values(convert<std::uint8_t>(any<std::int64_t>({0, 255}))), AllClose({0, 255}, 0));
}

TEST_CASE("a number that the type cannot hold is named", "[core][convert][errors]") {
  CHECK_THROWS_AS(convert<std::int8_t>(any<float>({128})), ValueError);
  CHECK_THROWS_WITH(convert<std::int8_t>(any<float>({0, 128})),
                    "convert: array[1] must be a number that int8 holds, got 128");
  CHECK_THROWS_WITH(convert<std::int8_t>(any<float>({-129})),
                    "convert: array[0] must be a number that int8 holds, got -129");
  CHECK_THROWS_WITH(convert<std::int64_t>(any<double>({0.5})),
                    "convert: array[0] must be a number that int64 holds, got 0.5");
  CHECK_THROWS_WITH(convert<std::int64_t>(any<double>({NaN})),
                    "convert: array[0] must be a number that int64 holds, got nan");
  CHECK_THROWS_AS(convert<std::int64_t>(any<double>({0x1p63})), ValueError);
  CHECK_THROWS_AS(convert<std::uint64_t>(any<float>({-1})), ValueError);
  CHECK_THROWS_AS(convert<std::uint8_t>(any<std::int8_t>({-1})), ValueError);
  CHECK_THROWS_AS(convert<bool>(any<std::uint8_t>({2})), ValueError);
  CHECK_THROWS_AS(convert<bool>(any<float>({0.5})), ValueError);
  CHECK_THROWS_WITH(convert<float>(any<double>({1e300})),
                    "convert: array[0] must be a number that float32 holds, got 1e+300");
  CHECK_THROWS_AS(convert<float>(any<double>({-0x1.ffffffp127})), ValueError);
}
