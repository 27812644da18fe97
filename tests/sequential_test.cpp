// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

struct Double : nn::Module<double> {
  Variable<double> forward(Variable<double> x) override { return 2 * x; }
};

struct AddNumber : nn::Module<double> {
  double number;
  explicit AddNumber(double n) : number(n) {}
  Variable<double> forward(Variable<double> x) override { return x + number; }
};

// Says which of its functions was called.
struct Tells : nn::Module<double> {
  Variable<double> forward(Variable<double> x) override { return x + 1.0; }
  Variable<double> forward_relu(Variable<double> x) override { return x + 100.0; }
};

}  // namespace

TEST_CASE("a sequence asks a module before a Relu to do both at once", "[nn][sequential]") {
  nn::Sequential<double> model;
  model.add<Tells>().add<nn::Relu>().add<Tells>().add<nn::Tanh>();
  Tape<double> tape;
  CHECK_THAT(values(model(tape.constant(-3))), AllClose({std::tanh(98.0)}, 1e-15));
}

TEST_CASE("a sequence of Linear and Relu gives what the two operations give", "[nn][sequential]") {
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Linear>(3, 4, random).add<nn::Relu>().add<Double>().add<nn::Relu>();
  auto& layer = dynamic_cast<nn::Linear<double>&>(model[0]);
  Tape<double> tape;
  const auto x = tape.constant(irregular({5, 3}));
  const auto y = model(x);
  CHECK(values(y) == values(relu(2 * relu(linear(x, tape.watch(layer.weight), tape.watch(layer.bias))))));
}

TEST_CASE("a sequence applies its modules in order", "[nn][sequential]") {
  nn::Sequential<double> model;
  model.add<AddNumber>(3).add<Double>().add<AddNumber>(-1).add<nn::Relu>();
  CHECK(model.size() == 4);
  Tape<double> tape;
  CHECK_THAT(values(model(tape.constant(std::vector<double>{1, -4}))), AllClose({7, 0}, 0));
}

TEST_CASE("a sequence of nothing is the identity", "[nn][sequential]") {
  nn::Sequential<double> model;
  Tape<double> tape;
  const auto x = tape.constant(3);
  CHECK(model(x).data() == x.data());
  CHECK(model.parameters().empty());
}

TEST_CASE("parameters of a sequence are named by place, as in PyTorch", "[nn][sequential]") {
  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Linear>(64, 128, random).add<nn::Relu>().add<nn::Linear>(128, 10, random);
  std::vector<std::string> names;
  for (const auto& [name, parameter] : model.named_parameters()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"0.weight", "0.bias", "2.weight", "2.bias"});
  CHECK(model.parameter_count() == 64 * 128 + 128 + 128 * 10 + 10);
}

TEST_CASE("modules of a sequence can be reached by place", "[nn][sequential]") {
  nn::Sequential<double> model;
  model.add<Double>().add<AddNumber>(3);
  CHECK(dynamic_cast<AddNumber&>(model[1]).number == 3);
}

TEST_CASE("sequences nest", "[nn][sequential]") {
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Sequential>();
  dynamic_cast<nn::Sequential<double>&>(model[0]).add<nn::Linear>(1, 1, random);
  CHECK(model.named_parameters()[0].first == "0.0.weight");
}
