// SPDX-License-Identifier: BSD-3-Clause
#include <type_traits>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("an array of any stored type keeps its type, shape and elements", "[core][any_array]",
                   float, double, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                   std::uint16_t, std::uint32_t, std::uint64_t, bool) {
  Array<TestType> array(Shape{2, 1});
  array[1] = TestType(1);
  const TestType* const memory = array.data();
  const AnyArray any(std::move(array));
  CHECK(any.element_type() == element_type_of<TestType>());
  CHECK(any.holds<TestType>());
  CHECK(any.shape() == Shape{2, 1});
  CHECK(any.get<TestType>().data() == memory);
  CHECK(any.visit([](const auto& typed) { return static_cast<double>(typed[1]); }) == 1);
  CHECK(any.visit([]<class T>(const Array<T>&) { return std::is_same_v<T, TestType>; }));
  CHECK(with_element_type(any.element_type(), []<class T>() { return std::is_same_v<T, TestType>; }));
}

TEST_CASE("an array of any type is asked for another one in vain", "[core][any_array][errors]") {
  const AnyArray any(Array<float>(Shape{3}));
  CHECK_FALSE(any.holds<double>());
  CHECK_THROWS_AS(any.get<double>(), ArgumentError);
  CHECK_THROWS_WITH(
      any.get<double>(),
      "AnyArray::get: the elements must be float64 to be read as such, got float32; see convert");
}

TEST_CASE("what a temporary array of any type holds can be taken", "[core][any_array]") {
  Array<float> array(Shape{2});
  const float* const memory = array.data();
  const Array<float> taken = AnyArray(std::move(array)).get<float>();
  CHECK(taken.data() == memory);
  CHECK(taken.shape() == Shape{2});
  CHECK_THROWS_AS(AnyArray(Array<float>(Shape{2})).get<bool>(), ArgumentError);
}

TEST_CASE("an array of any type moves and takes another's place", "[core][any_array]") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<AnyArray>);
  AnyArray any(Array<float>(Shape{3}));
  AnyArray other(Array<bool>(Shape{}));
  any = std::move(other);
  CHECK(any.holds<bool>());
  CHECK(any.shape() == Shape{});
  CHECK(AnyArray(Array<std::uint16_t>()).shape() == Shape{0});
}

TEST_CASE("element types have the names that NumPy gives them", "[core][any_array]") {
  const auto [type, name] = GENERATE(table<ElementType, std::string>({{ElementType::float32, "float32"},
                                                                      {ElementType::float64, "float64"},
                                                                      {ElementType::int8, "int8"},
                                                                      {ElementType::int16, "int16"},
                                                                      {ElementType::int32, "int32"},
                                                                      {ElementType::int64, "int64"},
                                                                      {ElementType::uint8, "uint8"},
                                                                      {ElementType::uint16, "uint16"},
                                                                      {ElementType::uint32, "uint32"},
                                                                      {ElementType::uint64, "uint64"},
                                                                      {ElementType::boolean, "bool"}}));
  CHECK(to_string(type) == name);
}
