// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("a linear layer multiplies by its transposed weight and adds its bias", "[nn][linear]",
                   float, double) {
  Random random(1);
  nn::Linear<TestType> layer(2, 3, random);
  layer.weight.value() = xt::xarray<TestType>{{1, 2}, {3, 4}, {5, 6}};
  layer.bias.value() = xt::xarray<TestType>{10, 20, 30};
  Tape<TestType> tape;
  const auto y = layer(tape.constant(xt::xarray<TestType>{{1, -1}, {0, 2}}));
  CHECK(y.shape() == Shape{2, 3});
  CHECK_THAT(values(y), AllClose({9, 19, 29, 14, 28, 42}, 0));
}

TEST_CASE("a linear layer takes any leading axes", "[nn][linear]") {
  Random random(1);
  nn::Linear<double> layer(2, 3, random);
  Tape<double> tape;
  CHECK(layer(tape.constant(std::vector<double>{1, 2})).shape() == Shape{3});
  const std::vector<double> numbers(20);
  CHECK(layer(tape.borrow({numbers.data(), {2, 5, 2}})).shape() == Shape{2, 5, 3});
}

TEST_CASE("a linear layer begins with he_uniform weights and bias zero", "[nn][linear]") {
  Random random(7), same(7);
  nn::Linear<double> layer(4, 3, random);
  Array<double> expected(Shape{3, 4});
  nn::he_uniform<double>(expected, same);
  CHECK_THAT(values(layer.weight), AllClose(values(expected), 0));
  CHECK_THAT(values(layer.bias), AllClose({0, 0, 0}, 0));
  CHECK(layer.weight.name() == "weight");
  CHECK(layer.bias.name() == "bias");
  CHECK(layer.parameter_count() == 15);
}

TEST_CASE("a linear layer takes another initializer", "[nn][linear]") {
  Random random(7), same(7);
  nn::Linear<float> layer(4, 3, random, {.initializer = nn::glorot_normal<float>});
  Array<float> expected(Shape{3, 4});
  nn::glorot_normal<float>(expected, same);
  CHECK_THAT(values(layer.weight), AllClose(values(expected), 0));
}

TEST_CASE("a linear layer without bias has one parameter", "[nn][linear]") {
  Random random(1);
  nn::Linear<double> layer(2, 1, random, {.bias = false});
  layer.weight.value() = xt::xarray<double>{{3, 4}};
  CHECK(layer.parameters() == std::vector<Parameter<double>*>{&layer.weight});
  CHECK(layer.bias.shape() == Shape{0});
  Tape<double> tape;
  CHECK(layer(tape.constant(std::vector<double>{1, 2})).value()(0) == 11);
}

TEST_CASE("a linear layer refuses extents of zero before it draws a number", "[nn][linear][errors]") {
  Random random(1);
  CHECK_THROWS_AS(nn::Linear<double>(0, 3, random), ArgumentError);
  CHECK_THROWS_WITH(nn::Linear<double>(0, 3, random), "Linear: in and out must be at least 1, got 0 and 3");
  CHECK_THROWS_WITH(nn::Linear<double>(3, 0, random), "Linear: in and out must be at least 1, got 3 and 0");
  CHECK(random == Random(1));
}
