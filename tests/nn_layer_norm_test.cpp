// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEMPLATE_TEST_CASE("a layer norm begins with weight one and bias zero", "[nn][layer_norm]", float, double) {
  nn::LayerNorm<TestType> norm({2, 3});
  CHECK(norm.weight.shape() == Shape{2, 3});
  CHECK_THAT(values(norm.weight), AllClose({1, 1, 1, 1, 1, 1}, 0));
  CHECK_THAT(values(norm.bias), AllClose({0, 0, 0, 0, 0, 0}, 0));
  Tape<TestType> tape;
  const auto x = tape.constant(irregular({4, 2, 3}));
  CHECK(values(norm(x)) == values(layer_norm(x, {2, 3})));
}

TEST_CASE("a layer norm uses its weight, its bias and its epsilon", "[nn][layer_norm]") {
  nn::LayerNorm<double> norm({3}, {.epsilon = 0.5}), plain({3}, {.weight = false}),
      without_bias({3}, {.bias = false});
  norm.weight.value() = irregular({3});
  norm.bias.value() = irregular({3}, 4, 5);
  without_bias.weight.value() = irregular({3});
  Tape<double> tape;
  const auto x = tape.constant(irregular({4, 3}));
  CHECK(values(norm(x)) ==
        values(layer_norm(x, tape.watch(norm.weight), tape.watch(norm.bias), {.epsilon = 0.5})));
  CHECK(values(plain(x)) == values(layer_norm(x, {3})));
  CHECK(values(without_bias(x)) == values(layer_norm(x, tape.watch(without_bias.weight))));
  CHECK(norm.parameters() == std::vector<Parameter<double>*>{&norm.weight, &norm.bias});
  CHECK(plain.parameters().empty());
  CHECK(without_bias.parameters() == std::vector<Parameter<double>*>{&without_bias.weight});
}

TEST_CASE("a layer norm refuses axes without elements and a negative epsilon", "[nn][layer_norm][errors]") {
  CHECK_THROWS_AS(nn::LayerNorm<double>({}), ArgumentError);
  CHECK_THROWS_WITH(nn::LayerNorm<double>(Shape{}),
                    "LayerNorm: normalized_shape must have elements along its axes, got ()");
  CHECK_THROWS_WITH(nn::LayerNorm<double>({2, 0}),
                    "LayerNorm: normalized_shape must have elements along its axes, got (2, 0)");
  CHECK_THROWS_WITH(nn::LayerNorm<double>({2}, {.epsilon = -1}),
                    "LayerNorm: epsilon must be a finite number from 0, got -1");
}
