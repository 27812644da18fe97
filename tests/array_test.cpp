// SPDX-License-Identifier: BSD-3-Clause
#include <cstdint>
#include <type_traits>
#include <utility>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("an array begins with zeros", "[core][array]") {
  const Array<double> zeros(Shape{2, 3});
  CHECK(zeros.shape() == Shape{2, 3});
  CHECK(zeros.size() == 6);
  CHECK_THAT(values(zeros), AllClose({0, 0, 0, 0, 0, 0}, 0));
  CHECK(Array<int>(Shape{})[0] == 0);
}

TEST_CASE("the memory of an array of any size is aligned to 64 bytes", "[core][array]") {
  for (const std::size_t size : {0U, 1U, 3U, 1000U, 100'000U}) {
    const Array<float> array(Shape{size});
    CHECK(reinterpret_cast<std::uintptr_t>(array.data()) % 64 == 0);
  }
}

TEST_CASE("a default array is empty", "[core][array]") {
  const Array<double> nothing;
  CHECK(nothing.shape() == Shape{0});
  CHECK(nothing.begin() == nothing.end());
}

TEST_CASE("an array copies a view", "[core][array]") {
  xt::xarray<double> source{{1, 2}, {3, 4}};
  Array<double> copy{ArrayView<const double>(source)};
  source(0, 0) = 9;
  copy[3] = 40;
  CHECK(copy.shape() == Shape{2, 2});
  CHECK_THAT(values(copy), AllClose({1, 2, 3, 40}, 0));
  CHECK(source(1, 1) == 4);
}

TEST_CASE("an array moves and leaves an empty one behind", "[core][array]") {
  Array<double> first(std::vector<double>{1, 2});
  const double* memory = first.data();
  Array<double> second(std::move(first));
  CHECK(second.data() == memory);
  CHECK(second.size() == 2);
  CHECK(first.size() == 0);
  CHECK(first.data() == nullptr);
  first = std::move(second);
  CHECK(first.data() == memory);
  CHECK(second.size() == 0);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Array<double>>);
}

TEST_CASE("an array converts to views, and view() makes it an xtensor expression", "[core][array]") {
  Array<double> array(Shape{2, 2});
  const ArrayView<double> writable = array;
  writable[1] = 5;
  const ArrayView<const double> readable = std::as_const(array);
  CHECK(readable.data() == array.data());
  view(array)(1, 0) = 7;
  const xt::xarray<double> doubled = 2 * view(std::as_const(array));
  CHECK_THAT(values(doubled), AllClose({0, 10, 14, 0}, 0));
}
