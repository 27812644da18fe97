// SPDX-License-Identifier: BSD-3-Clause
#include "every_layer.hpp"
#include "matchers.hpp"
#include "same_bits.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

// A module of a program's own, with another one in it.
struct Residual : nn::Module<float> {
  explicit Residual(std::size_t width, Random& random) : inner(width, width, random) { add("inner", inner); }
  explicit Residual(const nn::Config& config) : Residual(config.count("width"), unused) {}

  Variable<float> forward(Variable<float> x) override { return x + relu(inner(x)); }
  nn::GraphValue add_to(nn::Graph<float>& graph, nn::GraphValue x) const override {
    const auto y = graph.apply(nn::operations::Activation<float>{nn::operations::Function::relu},
                               {inner.add_to(graph, x)});
    return graph.apply(nn::operations::Add(), {x, y});
  }
  nn::Config config() const override { return nn::Config().set("width", inner.weight.shape()[0]); }

  nn::Linear<float> inner;
  static inline Random unused{0};
};

struct Silent : nn::Module<float> {
  Variable<float> forward(Variable<float> x) override { return x; }
};

struct Impostor : nn::Module<float> {
  explicit Impostor(const nn::Config&) {}
  Variable<float> forward(Variable<float> x) override { return x; }
};

}  // namespace

TEMPLATE_TEST_CASE("what a layer was made with makes one that computes the same", "[nn][config]", float,
                   double) {
  Random random(1);
  for (const auto& of : every_layer<TestType>(random)) {
    INFO(of.name);
    const auto made = nn::make_module<TestType>(of.model->description());
    CHECK(made->type_name() == of.model->type_name());
    made->load_state(of.model->state());
    made->eval();
    const Array<TestType> rows = random_rows(of, 4, random);
    CHECK(are_same_bits(AnyArray(given_by_tape(*of.model, rows)), AnyArray(given_by_tape(*made, rows))));
  }
}

TEST_CASE("a module of one's own is made by its name once it is registered", "[nn][config]") {
  Random random(2);
  nn::Sequential<float> model;
  model.add<Residual>(3, random).add<nn::Linear>(3, 2, random);
  CHECK_THROWS_MATCHES(
      nn::make_module<float>(model.description()), ArgumentError,
      Catch::Matchers::Message("make_module: a module must be of xtape or registered, got 'Residual'; write "
                               "nn::register_module<Residual>(\"Residual\") in this program"));
  CHECK(nn::register_module<Residual>("Residual"));
  CHECK(nn::register_module<Residual>("Residual"));
  CHECK_THROWS_MATCHES(nn::register_module<Impostor>("Residual"), ArgumentError,
                       Catch::Matchers::Message(
                           "register_module: a name must belong to one class, got 'Residual' for another"));
  const auto made = nn::make_module<float>(model.description());
  made->load_state(model.state());
  const std::vector<float> numbers{1, -2, 3};
  const Array<float> rows(ArrayInput<float>(numbers.data(), {1, 3}));
  CHECK(are_same_bits(AnyArray(given_by_tape(model, rows)), AnyArray(given_by_tape(*made, rows))));
}

TEST_CASE("a module that says neither what it was made with nor what it computes is named", "[nn][config]") {
  nn::Sequential<float> model;
  model.add<Silent>();
  CHECK_THROWS_MATCHES(
      model.description(), ArgumentError,
      Catch::Matchers::Message(
          "Silent: the module must say what it was made with, got no config(); override it"));
  nn::Graph<float> graph({3});
  CHECK_THROWS_MATCHES(
      model.add_to(graph, graph.input()), ArgumentError,
      Catch::Matchers::Message("Silent: the module must say what it computes, got no add_to(); override it"));
}

TEST_CASE("a config gives what was put in, and says what is missing or of another kind", "[nn][config]") {
  nn::Config config;
  config.set("flag", true).set("count", 5).set("number", 0.25).set("text", "words");
  config.set("shape", Shape{2, 3})
      .set("size", Size2d(4, 5))
      .set("modules", std::vector<nn::ModuleConfig>{{"Relu", {}}});
  CHECK(config.flag("flag"));
  CHECK(config.count("count") == 5);
  CHECK(config.number("number") == 0.25);
  CHECK(config.text("text") == "words");
  CHECK(config.shape("shape") == Shape{2, 3});
  CHECK(config.size("size").rows == 4);
  CHECK(config.size("size").columns == 5);
  CHECK(config.modules("modules")[0].type == "Relu");
  CHECK(config.contains("flag"));
  CHECK_FALSE(config.contains("none"));
  CHECK_THROWS_MATCHES(config.set("flag", false), ArgumentError,
                       Catch::Matchers::Message("Config::set: names must be distinct, got 'flag' twice"));
  CHECK_THROWS_MATCHES(config.number("none"), ArgumentError,
                       Catch::Matchers::Message("Config: there must be a number 'none', got none"));
  CHECK_THROWS_MATCHES(
      config.number("text"), ArgumentError,
      Catch::Matchers::Message("Config: 'text' must be a number, got another kind of value"));
  CHECK_THROWS_MATCHES(
      config.count("number"), ArgumentError,
      Catch::Matchers::Message("Config: 'number' must be of whole numbers from 0 to 2^53, got 0.25"));
  CHECK_THROWS_MATCHES(
      config.size("modules"), ArgumentError,
      Catch::Matchers::Message("Config: 'modules' must be a list of numbers, got another kind of value"));
  config.set("three", std::vector<double>{1, 2, 3}).set("long", std::vector<double>(9, 1));
  CHECK_THROWS_MATCHES(config.size("three"), ArgumentError,
                       Catch::Matchers::Message("Config: 'three' must be rows and columns, got 3 numbers"));
  CHECK_THROWS_MATCHES(config.shape("long"), ArgumentError,
                       Catch::Matchers::Message("Config: 'long' must be a shape of at most 8 axes"));
}

TEMPLATE_TEST_CASE("a graph knows the shape that each layer gives", "[nn][graph]", float, double) {
  Random random(3);
  for (const auto& of : every_layer<TestType>(random)) {
    INFO(of.name);
    nn::Graph<TestType> graph(of.row);
    const Shape row = graph.shape(of.model->add_to(graph, graph.input()));
    const Shape given = given_by_tape(*of.model, random_rows(of, 2, random)).shape();
    CHECK(row == Shape(given.begin() + 1, given.end()));
  }
}

TEST_CASE("a graph refuses what an operation does not take", "[nn][graph]") {
  Random random(4);
  const auto add = [&](const nn::Module<float>& model, const Shape& row) {
    nn::Graph<float> graph(row);
    model.add_to(graph, graph.input());
  };
  CHECK_THROWS_MATCHES(
      add(nn::Linear<float>(3, 2, random), {4}), ShapeError,
      Catch::Matchers::Message(
          "linear: the last axis of a row must have the 3 inputs of weight (2, 3), got rows (4)"));
  CHECK_THROWS_MATCHES(
      add(nn::Conv2d<float>(3, 2, 3, random), {1, 8, 8}), ShapeError,
      Catch::Matchers::Message(
          "conv2d: weight (2, 3, 3, 3) with groups = 1 must take the 1 channels of rows (1, 8, 8)"));
  CHECK_THROWS_MATCHES(
      add(nn::Conv2d<float>(1, 2, 3, random), {8, 8}), ShapeError,
      Catch::Matchers::Message("conv2d: a row must be (channels, rows, columns), got (8, 8)"));
  CHECK_THROWS_AS(add(nn::Conv2d<float>(1, 2, 9, random), {1, 8, 8}), ShapeError);
  CHECK_THROWS_MATCHES(
      add(nn::BatchNorm2d<float>(2), {2}), ShapeError,
      Catch::Matchers::Message("BatchNorm2d: a row must be (channels, rows, columns), got (2)"));
  CHECK_THROWS_MATCHES(
      add(nn::LayerNorm<float>(Shape{2}), {3}), ShapeError,
      Catch::Matchers::Message("layer_norm: the last axes of a row must have the shape (2), got rows (3)"));
  CHECK_THROWS_MATCHES(
      nn::Graph<float>({2, 0}), ShapeError,
      Catch::Matchers::Message("Graph: a row must have elements along at most 7 axes, got (2, 0)"));
  nn::Graph<float> graph({3});
  CHECK_THROWS_MATCHES(graph.apply(nn::operations::Add(), {graph.input()}), ArgumentError,
                       Catch::Matchers::Message("Graph::apply: add takes 2 inputs, got 1"));
  CHECK_THROWS_MATCHES(
      graph.shape({1}), ArgumentError,
      Catch::Matchers::Message("Graph::shape: a value must be one of this graph, 0 at most, got 1"));
}
