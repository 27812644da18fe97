// SPDX-License-Identifier: BSD-3-Clause
#include <type_traits>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("arrays of different types are kept under their names", "[core][named_arrays]") {
  NamedArrays arrays;
  const xt::xarray<float> weight{{1, 2, 3}, {4, 5, 6}};
  arrays.add("weight", ArrayView<const float>(weight));
  arrays.add_scalar("steps", std::uint64_t{7});
  arrays.add("mask", AnyArray(Array<bool>(Shape{0})));

  CHECK(arrays.size() == 3);
  CHECK(arrays.contains("steps"));
  CHECK_FALSE(arrays.contains("step"));
  CHECK(arrays.get<float>("test", "weight", {2, 3})[5] == 6);
  CHECK(arrays.get_scalar<std::uint64_t>("test", "steps") == 7);
  CHECK(arrays["mask"].element_type() == ElementType::boolean);
  CHECK(arrays["weight"].shape() == Shape{2, 3});
}

TEST_CASE("a state within another has a prefix, and comes back without it", "[core][named_arrays]") {
  NamedArrays model, all;
  model.add_scalar("0.weight", 1.5f);
  model.add_scalar("0.bias", 2.5f);
  all.add("model.", std::move(model));
  all.add_scalar("model", 9.0);
  all.add_scalar("modelx", 9.0);
  CHECK(all.size() == 4);

  const NamedArrays back = all.with_prefix("model.");
  CHECK(back.size() == 2);
  CHECK(back.get_scalar<float>("test", "0.weight") == 1.5f);
  CHECK(back.get_scalar<float>("test", "0.bias") == 2.5f);
  CHECK(all.with_prefix("optimizer.").size() == 0);
  CHECK(all.with_prefix("").size() == 4);
}

TEST_CASE("what is asked of named arrays and not there is named", "[core][named_arrays][errors]") {
  NamedArrays arrays;
  CHECK_THROWS_WITH(arrays["weight"], "NamedArrays: there must be an array 'weight', got none at all");
  arrays.add_scalar("weight", 1.0f);
  arrays.add_scalar("bias", 1.0f);
  CHECK_THROWS_WITH(arrays.get<float>("load", "scale", {}),
                    "load: there must be an array 'scale', got bias, weight");
  CHECK_THROWS_WITH(arrays.get<double>("load", "weight", {}),
                    "load: 'weight' must hold float64, got float32");
  CHECK_THROWS_AS(arrays.get<float>("load", "weight", {1}), ShapeError);
  CHECK_THROWS_WITH(arrays.get<float>("load", "weight", {1}), "load: 'weight' must have shape (1), got ()");
  CHECK_THROWS_WITH(arrays.add_scalar("bias", 2.0),
                    "NamedArrays::add: names must be distinct, got 'bias' twice");
  CHECK(arrays.get_scalar<float>("test", "bias") == 1.0f);
  CHECK_THROWS_WITH(arrays.require_only("load", std::vector<std::string>{"weight"}),
                    "load: every array must have its place, got 'bias' without one");
  CHECK_NOTHROW(arrays.require_only("load", std::vector<std::string>{"weight", "bias", "scale"}));
}
