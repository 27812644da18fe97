// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("a convolutional layer is conv2d with its weight, bias and options", "[nn][conv2d]", float,
                   double) {
  Random random(1);
  nn::Conv2d<TestType> layer(4, 6, {3, 2}, random,
                             {.stride = {1, 2}, .padding = 1, .dilation = {2, 1}, .groups = 2});
  layer.bias.value() = irregular({6});
  Tape<TestType> tape;
  const auto x = tape.constant(irregular({2, 4, 5, 6}));
  const auto expected = conv2d(x, tape.watch(layer.weight), tape.watch(layer.bias),
                               {.stride = {1, 2}, .padding = 1, .dilation = {2, 1}, .groups = 2});
  CHECK(values(layer(x)) == values(expected));
  CHECK(layer.weight.shape() == Shape{6, 2, 3, 2});
}

TEST_CASE("a convolutional layer, the Relu and the MaxPool2d after it are one operation", "[nn][conv2d]") {
  Random random(1);
  for (const bool bias : {true, false}) {
    nn::Sequential<float> model;
    model.add<nn::Conv2d>(1, 2, 2, random, nn::Conv2dOptions<float>{.bias = bias}).add<nn::Relu>();
    Tape<float> tape;
    const auto x = tape.constant(irregular({1, 1, 5, 5}));
    CHECK(model(x).operation() == std::string("conv2d_relu"));
    const auto expected = max_pool2d(model(x), 2);
    model.add<nn::MaxPool2d>(2).add<nn::Flatten>();
    const auto flat = model(x);
    CHECK(values(flat) == values(expected));
    const auto again = nn::make_module<float>(model.description());
    CHECK(again->operator()(x).shape() == flat.shape());
    tape.profile();
    model(x);
    (*again)(x);
    CHECK(tape.profile_report().rows.front().operation == "conv2d_relu_max_pool2d");
    CHECK(tape.profile_report().rows.front().calls == 2);
  }
}

TEST_CASE("a convolutional layer begins with he_uniform weights and bias zero", "[nn][conv2d]") {
  Random random(7), same(7);
  nn::Conv2d<double> layer(3, 4, 5, random);
  Array<double> expected(Shape{4, 3, 5, 5});
  nn::he_uniform<double>(expected, same);
  CHECK_THAT(values(layer.weight), AllClose(values(expected), 0));
  CHECK_THAT(values(layer.bias), AllClose({0, 0, 0, 0}, 0));
  CHECK(layer.weight.name() == "weight");
  CHECK(layer.bias.name() == "bias");
  CHECK(layer.parameter_count() == 304);
}

TEST_CASE("a convolutional layer without bias, or with another initializer", "[nn][conv2d]") {
  Random random(7);
  nn::Conv2d<float> layer(1, 2, 2, random, {.bias = false, .initializer = nn::orthogonal<float>});
  CHECK(layer.parameters() == std::vector<Parameter<float>*>{&layer.weight});
  CHECK(layer.bias.shape() == Shape{0});
  const auto w = layer.weight.values();
  CHECK_THAT(w[0] * w[0] + w[1] * w[1] + w[2] * w[2] + w[3] * w[3], WithinAbs(1, 1e-6));
  Tape<float> tape;
  CHECK(values(layer(tape.constant(irregular({1, 1, 2, 2})))) ==
        values(conv2d(tape.constant(irregular({1, 1, 2, 2})), tape.watch(layer.weight))));
}

TEST_CASE("a convolutional layer refuses extents that make no sense before it draws a number",
          "[nn][conv2d][errors]") {
  Random random(1);
  using Layer = nn::Conv2d<double>;
  CHECK_THROWS_AS(Layer(0, 3, 1, random), ArgumentError);
  CHECK_THROWS_WITH(Layer(0, 3, 1, random), "Conv2d: in and out must be at least 1, got 0 and 3");
  CHECK_THROWS_WITH(Layer(3, 0, 1, random), "Conv2d: in and out must be at least 1, got 3 and 0");
  CHECK_THROWS_WITH(Layer(4, 6, 1, random, {.groups = 4}),
                    "Conv2d: groups must divide in = 4 and out = 6, got 4");
  CHECK_THROWS_WITH(Layer(4, 6, 1, random, {.groups = 0}),
                    "Conv2d: groups must divide in = 4 and out = 6, got 0");
  CHECK_THROWS_WITH(Layer(4, 6, {1, 0}, random), "Conv2d: kernel must be at least 1, got (1, 0)");
  CHECK_THROWS_WITH(Layer(4, 6, 1, random, {.stride = 0}), "Conv2d: stride must be at least 1, got (0, 0)");
  CHECK_THROWS_WITH(Layer(4, 6, 1, random, {.dilation = 0}),
                    "Conv2d: dilation must be at least 1, got (0, 0)");
  CHECK(random == Random(1));
}
