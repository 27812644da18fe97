// SPDX-License-Identifier: BSD-3-Clause
// That a module says the same by add_to() as by forward().
#include <functional>
#include <memory>

#include "every_layer.hpp"
#include "matchers.hpp"
#include "temporary_directory.hpp"
#include "xtape/inference.hpp"
#include "xtape/io.hpp"

using namespace xtape;
using namespace xtape::testing;
using inference::OutputKind;
using inference::Pipeline;

namespace {

using Catch::Matchers::StartsWith;

/// A module whose two ways are given.
template <class T>
struct TwoWays : nn::Module<T> {
  using Forward = std::function<Variable<T>(Variable<T>)>;
  using AddTo = std::function<nn::GraphValue(nn::Graph<T>&, nn::GraphValue)>;
  TwoWays(Forward by_forward, AddTo by_graph)
      : forward_(std::move(by_forward)), add_to_(std::move(by_graph)) {}
  Variable<T> forward(Variable<T> x) override { return forward_(x); }
  nn::GraphValue add_to(nn::Graph<T>& graph, nn::GraphValue x) const override { return add_to_(graph, x); }

 private:
  Forward forward_;
  AddTo add_to_;
};

template <class T>
void require_true(nn::Module<T>& model, const Shape& row) {
  Pipeline<T>{.model = model, .row = row, .outputs_are = OutputKind::numbers}.require_true_graph("test");
}

template <class T>
auto applies(nn::Operation<T> operation) {
  return [operation](nn::Graph<T>& graph, nn::GraphValue x) { return graph.apply(operation, {x}); };
}

template <class T>
bool is_refused(typename TwoWays<T>::Forward by_forward, nn::Operation<T> operation) {
  TwoWays<T> module(std::move(by_forward), applies<T>(operation));
  try {
    require_true(module, {4});
  } catch (const ArgumentError&) {
    return true;
  }
  return false;
}

/// -2 comes out of the first, and 0 or -2 of what is behind it.
struct Wrong {
  nn::Sequential<float> model;

  Wrong() {
    Random random(1);
    model.add<nn::Linear>(3, 2, random).add<nn::Dropout>(0.5, random);
    auto& linear = dynamic_cast<nn::Linear<float>&>(model[0]);
    std::ranges::fill(linear.weight.values(), 0.0f);
    std::ranges::fill(linear.bias.values(), -2.0f);
    model.add<TwoWays<float>>([](Variable<float> x) { return relu(x); },
                              [](nn::Graph<float>&, nn::GraphValue x) { return x; });
  }
};

}  // namespace

TEMPLATE_TEST_CASE("every layer says the same by add_to() as by forward(), and is left in its mode",
                   "[inference][graph_check]", float, double) {
  Random random(3);
  for (auto& of : every_layer<TestType>(random)) {
    INFO(of.name);
    CHECK_NOTHROW(require_true(*of.model, of.row));
    of.model->train();
    CHECK_NOTHROW(require_true(*of.model, of.row));
    CHECK(of.model->is_training());
  }
}

TEMPLATE_TEST_CASE("layers whose products are left to a BLAS say the same", "[inference][graph_check]", float,
                   double) {
  Random random(4);
  nn::Sequential<TestType> model;
  model.template add<nn::Conv2d>(160, 32, 3, random).template add<nn::Relu>().template add<nn::Flatten>();
  model.template add<nn::Linear>(32 * 16, 1, random);
  CHECK_NOTHROW(require_true<TestType>(model, {160, 6, 6}));
}

TEST_CASE("a module whose add_to() says something else than its forward() is named, with what it gives",
          "[inference][graph_check][errors]") {
  Wrong wrong;
  const std::string reason =
      " must compute what its forward() does in evaluation mode, got -2 by add_to() and 0 by forward() at "
      "output "
      "0 of a drawn row; say the same in both";
  const std::string subject = "add_to() of TwoWays, module 2 of the model,";
  CHECK_THROWS_WITH(require_true<float>(wrong.model, {3}), "test: " + subject + reason);
  CHECK_THROWS_WITH(inference::Predictor<float>(wrong.model, {3}, 1), "Predictor: " + subject + reason);
  const Pipeline<float> pipeline{.model = wrong.model, .row = {3}};
  CHECK_THROWS_WITH(inference::Predictor<float>(pipeline, 1), "Predictor: " + subject + reason);
  const TemporaryDirectory directory;
  CHECK_THROWS_WITH(io::export_c(directory.path(), "wrong", pipeline), "export_c: " + subject + reason);
  CHECK(directory.names().empty());
  CHECK(wrong.model.is_training());
  CHECK(wrong.model[1].is_training());

  nn::Sequential<float> outer;
  outer.add<nn::Tanh>().add<nn::Sequential>();
  dynamic_cast<nn::Sequential<float>&>(outer[1]).add<nn::Relu>().add<TwoWays<float>>(
      [](Variable<float> x) { return x; }, applies<float>(nn::operations::Scale{.factor = 1, .shift = 1}));
  CHECK_THROWS_WITH(require_true<float>(outer, {3}),
                    StartsWith("test: add_to() of TwoWays, module 1.1 of the model, must compute"));
  CHECK_THROWS_WITH(require_true<float>(dynamic_cast<nn::Sequential<float>&>(outer[1])[1], {3}),
                    StartsWith("test: add_to() of TwoWays must compute"));
}

TEST_CASE("outputs of different sizes are named by their shapes", "[inference][graph_check][errors]") {
  Random random(5);
  nn::Linear<float> linear(3, 2, random);
  TwoWays<float> module([&](Variable<float> x) { return linear(x); },
                        [](nn::Graph<float>&, nn::GraphValue x) { return x; });
  CHECK_THROWS_WITH(
      require_true<float>(module, {3}),
      "test: add_to() of TwoWays must compute what its forward() does in evaluation mode, got (33, 3) "
      "by add_to() and (33, 2) by forward() of 33 rows; say the same in both");
}

TEMPLATE_TEST_CASE("what differs little, far from 0 or near it alone is found", "[inference][graph_check]",
                   float, double) {
  using T = TestType;
  using namespace nn::operations;
  const auto gelu_by_tanh = [](Variable<T> x) {
    return T(0.5) * x * (T(1) + tanh(T(0.7978845608028654) * (x + T(0.044715) * x * x * x)));
  };
  CHECK(is_refused<T>(gelu_by_tanh, Activation<T>{Function::gelu}));
  CHECK(is_refused<T>([](Variable<T> x) { return clip(x, 0, 6); }, Activation<T>{Function::relu}));
  nn::LayerNorm<T> norm({4}, nn::LayerNormOptions{.weight = false, .bias = false});
  CHECK_FALSE(is_refused<T>([&](Variable<T> x) { return norm(x); }, LayerNorm<T>{{4}, {}, {}, 1e-5}));
  CHECK(is_refused<T>([&](Variable<T> x) { return norm(x); }, LayerNorm<T>{{4}, {}, {}, 1e-6}));
  CHECK(is_refused<T>([](Variable<T> x) { return sqrt(x); }, Activation<T>{Function::relu}));
}

TEMPLATE_TEST_CASE("what differs by rounding alone says the same", "[inference][graph_check]", float,
                   double) {
  using T = TestType;
  using namespace nn::operations;
  CHECK_FALSE(is_refused<T>([](Variable<T> x) { return x * T(0.1); }, Scale{.factor = 0.1, .shift = 0}));
  CHECK_FALSE(
      is_refused<T>([](Variable<T> x) { return x / (T(1) + exp(-x)); }, Activation<T>{Function::silu}));
}

TEMPLATE_TEST_CASE("a model of NaN and infinities says the same", "[inference][graph_check]", float, double) {
  using Limits = std::numeric_limits<TestType>;
  Random random(6);
  nn::Sequential<TestType> model;
  model.template add<nn::Linear>(4, 5, random).template add<nn::Gelu>();
  auto& linear = dynamic_cast<nn::Linear<TestType>&>(model[0]);
  for (const TestType x : {Limits::quiet_NaN(), Limits::infinity(), Limits::max()}) {
    linear.weight.values()[7] = x;
    CHECK_NOTHROW(require_true<TestType>(model, {4}));
  }
}

TEST_CASE("rows hold indices that every table has", "[inference][graph_check]") {
  Random random(7);
  nn::Embedding<float> large(100, 2, random), small(2, 2, random);
  TwoWays<float> module(
      [&](Variable<float> x) { return large(x) + small(x); },
      [&](nn::Graph<float>& graph, nn::GraphValue x) {
        return graph.apply(nn::operations::Add(), {large.add_to(graph, x), small.add_to(graph, x)});
      });
  CHECK_NOTHROW(require_true<float>(module, {8}));
}
