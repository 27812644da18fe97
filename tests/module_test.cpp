// SPDX-License-Identifier: BSD-3-Clause
#include <type_traits>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

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

namespace {

// The example of the header.
template <class T>
struct ConvolutionalResidual : nn::Module<T> {
  nn::Conv2d<T> convolution;
  nn::BatchNorm2d<T> norm;
  ConvolutionalResidual(std::size_t channels, Random& random)
      : convolution(channels, channels, 3, random, {.padding = 1}), norm(channels) {
    this->add("convolution", convolution);
    this->add("norm", norm);
  }
  Variable<T> forward(Variable<T> x) override { return x + relu(norm(convolution(x))); }
};

struct Buffers : nn::Module<double> {
  Array<std::uint64_t> words{Shape{4}};
  Array<bool> mask{Shape{2}};
  Array<float> floats{Shape{1}};
  Buffers() {
    add_buffer("words", words);
    add_buffer("mask", mask);
    add_buffer("floats", floats);
  }
  Variable<double> forward(Variable<double> x) override { return x; }
  using Module::add;
  using Module::add_buffer;
};

std::vector<std::string> names_of(const NamedArrays& state) {
  std::vector<std::string> names;
  for (const auto& [name, array] : state) names.push_back(name);
  return names;
}

// The text of what load_state throws, which must leave the model as it was.
template <class Error, class T>
std::string refusal_to_load(nn::Module<T>& model, const NamedArrays& state) {
  const NamedArrays before = model.state();
  std::string text = "nothing was thrown";
  try {
    model.load_state(state);
  } catch (const Error& error) {
    text = error.what();
  }
  for (const auto& [name, array] : model.state()) {
    const bool is_same = array.visit([&old_array = before[name]]<class U>(const Array<U>& now) {
      const Array<U>& old = old_array.template get<U>();
      return std::equal(now.begin(), now.end(), old.begin(), old.end());
    });
    if (!is_same) text += " (and " + name + " has changed)";
  }
  return text;
}

}  // namespace

TEST_CASE("train and eval go for all modules below", "[nn][module][train]") {
  Random random(1);
  Model model(random);
  CHECK(model.is_training());
  CHECK(model.second.inner.is_training());
  model.eval();
  CHECK_FALSE(model.is_training());
  CHECK_FALSE(model.second.inner.is_training());
  model.train();
  CHECK(model.second.inner.is_training());
  model.train(false);
  CHECK_FALSE(model.first.is_training());
  model.second.train();
  CHECK(model.second.inner.is_training());
  CHECK_FALSE(model.first.inner.is_training());
}

TEST_CASE("named_modules gives each module before its children", "[nn][module]") {
  Random random(1);
  Model model(random);
  std::vector<std::string> names, types;
  for (const auto& [name, module] : model.named_modules()) {
    names.push_back(name);
    types.push_back(module->type_name());
  }
  CHECK(names == std::vector<std::string>{"", "first", "first.inner", "second", "second.inner"});
  CHECK(types == std::vector<std::string>{"Model", "Residual", "Linear", "Residual", "Linear"});
  CHECK(model.named_modules()[2].second == &model.first.inner);
}

TEMPLATE_TEST_CASE("a residual block with a batch norm trains, evaluates and hands its state on",
                   "[nn][module][state]", float, double) {
  Random random(1);
  ConvolutionalResidual<TestType> block(2, random), other(2, random);
  Tape<TestType> tape;
  const auto x = tape.constant(irregular({4, 2, 3, 3}));
  const auto in_training = values(block(x));
  for (int step = 0; step < 300; ++step) block(x);
  block.eval();
  // The running mean has come to that of the batch; the running variance is the unbiased estimate.
  CHECK_THAT(values(block(x)), AllClose(in_training, 0, 0.05));
  CHECK(values(block(x)) != in_training);

  CHECK(names_of(block.state()) == std::vector<std::string>{"convolution.bias", "convolution.weight",
                                                            "norm.bias", "norm.num_batches_tracked",
                                                            "norm.running_mean", "norm.running_var",
                                                            "norm.weight"});
  other.load_state(block.state());
  other.eval();
  CHECK(values(other(x)) == values(block(x)));
  CHECK(other.norm.num_batches_tracked[0] == 301);
}

TEST_CASE("the state of a sequence has PyTorch's names", "[nn][module][state]") {
  Random random(1);
  nn::Sequential<float> model;
  model.add<nn::Conv2d>(1, 2, 3, random).add<nn::BatchNorm2d>(2).add<nn::Relu>().add<nn::Flatten>();
  model.add<nn::LayerNorm>(Shape{8}).add<nn::Linear>(8, 3, random, nn::LinearOptions<float>{.bias = false});
  const NamedArrays state = model.state();
  CHECK(names_of(state) == std::vector<std::string>{"0.bias", "0.weight", "1.bias", "1.num_batches_tracked",
                                                    "1.running_mean", "1.running_var", "1.weight", "4.bias",
                                                    "4.weight", "5.weight"});
  CHECK(state["0.weight"].shape() == Shape{2, 1, 3, 3});
  CHECK(state["1.num_batches_tracked"].shape() == Shape{});
  CHECK(state["1.num_batches_tracked"].element_type() == ElementType::int64);
  CHECK(state["1.running_mean"].element_type() == ElementType::float32);
}

TEST_CASE("the state of floats loads into doubles and back", "[nn][module][state]") {
  Random random(1);
  ConvolutionalResidual<float> floats(2, random), back(2, random);
  ConvolutionalResidual<double> doubles(2, random);
  Tape<float> tape;
  floats(tape.constant(irregular({4, 2, 3, 3})));
  doubles.load_state(floats.state());
  CHECK(values(doubles.convolution.weight) == values(floats.convolution.weight));
  CHECK(values(doubles.norm.running_mean) == values(floats.norm.running_mean));
  CHECK(doubles.norm.num_batches_tracked[0] == 1);
  back.load_state(doubles.state());
  CHECK(values(back.norm.running_var) == values(floats.norm.running_var));
  doubles.convolution.bias.values()[0] = 0.1;
  back.load_state(doubles.state());
  CHECK(back.convolution.bias.values()[0] == 0.1F);
}

TEST_CASE("buffers of any type are part of the state", "[nn][module][state]") {
  Buffers model, other;
  model.words[3] = ~std::uint64_t{0};
  model.mask[1] = true;
  model.floats[0] = 0.1F;
  other.load_state(model.state());
  CHECK(other.words[3] == ~std::uint64_t{0});
  CHECK(other.mask[1]);
  CHECK(other.floats[0] == 0.1F);
  CHECK(model.parameters().empty());
}

TEST_CASE("a buffer's name must be free", "[nn][module][errors]") {
  Buffers model;
  Array<double> buffer(Shape{1});
  Parameter<double> parameter("mask", Shape{1});
  CHECK_THROWS_WITH(model.add_buffer("words", buffer),
                    "Module::add: names must be distinct within a module, got 'words' twice");
  CHECK_THROWS_WITH(model.add(parameter),
                    "Module::add: names must be distinct within a module, got 'mask' twice");
}

TEST_CASE("load_state refuses what is missing, unknown or of another kind, and writes nothing",
          "[nn][module][state][errors]") {
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Linear>(2, 1, random).add<nn::BatchNorm1d>(1);
  const auto without = [&](std::string_view left_out) {
    NamedArrays state;
    for (const auto& [name, array] : model.state()) {
      if (name == left_out) continue;
      array.visit([&state, &to = name]<class U>(const Array<U>& typed) {
        Array<U> copy{ArrayView<const U>(typed)};
        for (U& x : copy) x = U(7);
        state.add(to, AnyArray(std::move(copy)));
      });
    }
    return state;
  };
  CHECK(refusal_to_load<ArgumentError>(model, without("0.bias")) ==
        "Module::load_state: there must be an array '0.bias', got 0.weight, 1.bias, 1.num_batches_tracked, "
        "1.running_mean, 1.running_var, 1.weight");
  CHECK(refusal_to_load<ArgumentError>(model, without("1.running_var")) ==
        "Module::load_state: there must be an array '1.running_var', got 0.bias, 0.weight, 1.bias, "
        "1.num_batches_tracked, 1.running_mean, 1.weight");
  NamedArrays state = without("");
  state.add("2.weight", AnyArray(Array<double>(Shape{1})));
  CHECK(refusal_to_load<ArgumentError>(model, state) ==
        "Module::load_state: every array must have its place, got '2.weight' without one");
  state = without("0.weight");
  state.add("0.weight", AnyArray(Array<double>(Shape{2, 1})));
  CHECK(refusal_to_load<ShapeError>(model, state) ==
        "Module::load_state: '0.weight' must have shape (1, 2), got (2, 1)");
  state = without("1.running_mean");
  state.add("1.running_mean", AnyArray(Array<float>(Shape{2})));
  CHECK(refusal_to_load<ShapeError>(model, state) ==
        "Module::load_state: '1.running_mean' must have shape (1), got (2)");
  state = without("0.weight");
  state.add("0.weight", AnyArray(Array<std::int64_t>(Shape{1, 2})));
  CHECK(refusal_to_load<ArgumentError>(model, state) ==
        "Module::load_state: '0.weight' must hold float64, got int64");
  state = without("1.num_batches_tracked");
  state.add_scalar("1.num_batches_tracked", 3.0);
  CHECK(refusal_to_load<ArgumentError>(model, state) ==
        "Module::load_state: '1.num_batches_tracked' must hold int64, got float64");
  model.load_state(without(""));
  CHECK(model.named_parameters()[0].second->values()[0] == 7);
}
