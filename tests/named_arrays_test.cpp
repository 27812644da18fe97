// SPDX-License-Identifier: BSD-3-Clause
#include <map>
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

namespace named_arrays_test {
namespace {

NamedArrays scalars(const std::vector<std::pair<std::string, float>>& numbers) {
  NamedArrays arrays;
  for (const auto& [name, number] : numbers) arrays.add_scalar(name, number);
  return arrays;
}

std::map<std::string, float> contents(const NamedArrays& arrays) {
  std::map<std::string, float> numbers;
  for (const auto& [name, array] : arrays) numbers[name] = array.get<float>()[0];
  return numbers;
}

using Contents = std::map<std::string, float>;

}  // namespace

TEST_CASE("an array is given another name, or taken out", "[core][named_arrays]") {
  NamedArrays arrays = scalars({{"weight", 1}, {"bias", 2}});
  arrays.rename("weight", "0.weight");
  CHECK(contents(arrays) == Contents{{"0.weight", 1}, {"bias", 2}});
  arrays.rename("bias", "bias");
  CHECK(contents(arrays) == Contents{{"0.weight", 1}, {"bias", 2}});
  const AnyArray bias = arrays.remove("bias");
  CHECK(bias.get<float>()[0] == 2);
  CHECK(contents(arrays) == Contents{{"0.weight", 1}});
}

TEST_CASE("the beginning of names is changed, for all that have it", "[core][named_arrays]") {
  NamedArrays arrays = scalars({{"module.0.weight", 1}, {"module.0.bias", 2}, {"epoch", 3}});
  arrays.rename_prefix("module.", "");
  CHECK(contents(arrays) == Contents{{"0.weight", 1}, {"0.bias", 2}, {"epoch", 3}});
  arrays.rename_prefix("0.", "0.0.");  // which begins with what it replaces
  CHECK(contents(arrays) == Contents{{"0.0.weight", 1}, {"0.0.bias", 2}, {"epoch", 3}});
  arrays.rename_prefix("", "model.");
  CHECK(contents(arrays) == Contents{{"model.0.0.weight", 1}, {"model.0.0.bias", 2}, {"model.epoch", 3}});
  // One may take the name that another gives up.
  NamedArrays chain = scalars({{"a", 1}, {"aa", 2}, {"aaa", 3}});
  chain.rename_prefix("a", "aa");
  CHECK(contents(chain) == Contents{{"aa", 1}, {"aaa", 2}, {"aaaa", 3}});
}

TEST_CASE("merged arrays take the place of those of the same names", "[core][named_arrays]") {
  NamedArrays arrays = scalars({{"a", 1}, {"b", 2}});
  arrays.merge(scalars({{"b", 20}, {"c", 30}}));
  CHECK(contents(arrays) == Contents{{"a", 1}, {"b", 20}, {"c", 30}});
  arrays.merge({});
  CHECK(arrays.size() == 3);
}

TEST_CASE("a change of names that cannot be made changes nothing", "[core][named_arrays][errors]") {
  NamedArrays arrays = scalars({{"m.a", 1}, {"m.b", 2}, {"b", 3}});
  const Contents before = contents(arrays);
  CHECK_THROWS_AS(arrays.rename("m.a", "b"), ArgumentError);
  CHECK_THROWS_WITH(arrays.rename("m.a", "b"), "NamedArrays::rename: names must be distinct, got 'b' twice");
  CHECK_THROWS_WITH(arrays.rename("x", "y"),
                    "NamedArrays::rename: there must be an array 'x', got b, m.a, m.b");
  CHECK_THROWS_WITH(arrays.remove("x"), "NamedArrays::remove: there must be an array 'x', got b, m.a, m.b");
  CHECK_THROWS_WITH(arrays.rename_prefix("m.", ""),
                    "NamedArrays::rename_prefix: names must be distinct, got 'b' twice");
  CHECK_THROWS_WITH(arrays.rename_prefix("x.", ""),
                    "NamedArrays::rename_prefix: a name must begin with 'x.', got none");
  // Of two that are added, the second has a name that is taken.
  CHECK_THROWS_WITH(arrays.add("m.", scalars({{"0", 7}, {"a", 8}})),
                    "NamedArrays::add: names must be distinct, got 'm.a' twice");
  CHECK(contents(arrays) == before);
}

}  // namespace named_arrays_test
