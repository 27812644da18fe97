// SPDX-License-Identifier: BSD-3-Clause
#include <type_traits>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// The example of the header.
struct Residual : nn::Module<double> {
  nn::Linear<double> inner;
  Residual(std::size_t width, Random& random) : inner(width, width, random) { add("inner", inner); }
  Variable<double> forward(Variable<double> x) override { return x + relu(inner(x)); }
};

struct Model : nn::Module<double> {
  Parameter<double> scale{"scale", Shape{1}};
  Residual first, second;
  explicit Model(Random& random) : first(2, random), second(3, random) {
    add("first", first);
    add(scale);
    add("second", second);
  }
  Variable<double> forward(Variable<double> x) override { return first(x) * x.tape().watch(scale); }
  using Module::add;
};

}  // namespace

TEST_CASE("named parameters of a module carry the names of the modules that hold them", "[nn][module]") {
  Random random(1);
  const Model model(random);
  std::vector<std::string> names;
  std::vector<Parameter<double>*> parameters;
  for (const auto& [name, parameter] : model.named_parameters()) {
    names.push_back(name);
    parameters.push_back(parameter);
  }
  CHECK(names == std::vector<std::string>{"scale", "first.inner.weight", "first.inner.bias",
                                          "second.inner.weight", "second.inner.bias"});
  CHECK(parameters == model.parameters());
  CHECK(parameters[0] == &model.scale);
  CHECK(parameters[2] == &model.first.inner.bias);
}

TEST_CASE("parameter_count of a module counts numbers, not arrays", "[nn][module]") {
  Random random(1);
  CHECK(Model(random).parameter_count() == 1 + (4 + 2) + (9 + 3));
}

TEST_CASE("a module is called as its forward function", "[nn][module]") {
  Random random(1);
  Residual residual(2, random);
  residual.inner.weight.value() = xt::xarray<double>{{1, 0}, {0, -1}};
  residual.inner.bias.value() = xt::xarray<double>{0.5, 0.25};
  Tape<double> tape;
  const auto x = tape.constant(xt::xarray<double>{{2, 3}});
  CHECK_THAT(values(residual(x)), AllClose({4.5, 3}, 0));
  CHECK_THAT(values(residual.forward(x)), AllClose({4.5, 3}, 0));
}

TEST_CASE("gradients of a module's parameters agree with central differences", "[nn][module][gradient]") {
  Random random(1);
  Residual residual(2, random);
  Tape<double> tape;
  const xt::xarray<double> x{{0.5, -1}, {2, 0.25}};
  sum(square(residual(tape.borrow(x)))).backward();
  const auto with_weight = [&](auto weight, auto bias) {
    const auto input = weight.tape().borrow(x);
    return sum(square(input + relu(linear(input, weight, bias))));
  };
  const xt::xarray<double> weight = residual.inner.weight.value(), bias = residual.inner.bias.value();
  CHECK_THAT(gradcheck(with_weight, weight, bias), HasCorrectGradient());
  const auto w = tape.variable(weight), b = tape.variable(bias);
  with_weight(w, b).backward();
  CHECK_THAT(values(residual.inner.weight.gradients()), AllClose(values(w.gradients()), 0));
  CHECK_THAT(values(residual.inner.bias.gradients()), AllClose(values(b.gradients()), 0));
}

TEST_CASE("a module refuses a name that is taken and stays as it was", "[nn][module][errors]") {
  Random random(1);
  Model model(random);
  Parameter<double> first("first", Shape{1}), scale("scale", Shape{1});
  Residual other(2, random);
  CHECK_THROWS_AS(model.add(first), ArgumentError);
  CHECK_THROWS_WITH(model.add(first),
                    "Module::add: names must be distinct within a module, got 'first' twice");
  CHECK_THROWS_WITH(model.add(scale),
                    "Module::add: names must be distinct within a module, got 'scale' twice");
  CHECK_THROWS_WITH(model.add("second", other),
                    "Module::add: names must be distinct within a module, got 'second' twice");
  CHECK(model.parameters().size() == 5);
}

TEST_CASE("a module neither moves nor copies", "[nn][module]") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Residual>);
  STATIC_REQUIRE_FALSE(std::is_move_constructible_v<Residual>);
}

TEST_CASE("parameters of a module that stands in two places are counted once", "[nn][module]") {
  struct Twice : nn::Module<double> {
    explicit Twice(nn::Linear<double>& shared) {
      add("first", shared);
      add("second", shared);
    }
    Variable<double> forward(Variable<double> x) override { return x; }
  };
  Random random(1);
  nn::Linear<double> shared(2, 2, random);
  const Twice model(shared);
  CHECK(model.named_parameters().size() == 4);
  CHECK(model.parameters().size() == 2);
  CHECK(model.parameter_count() == 6);
}
