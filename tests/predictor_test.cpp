// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/inference/predictor.hpp"

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>
#include <tuple>
#include <vector>

#include "every_layer.hpp"
#include "matchers.hpp"
#include "xtape/data.hpp"
#include "xtape/inference/pipeline.hpp"

using namespace xtape;
using namespace xtape::testing;
using inference::Pipeline;
using inference::Predictor;

namespace {

template <class T>
Array<T> predicted(const Predictor<T>& predictor, const Array<T>& rows) {
  auto workspace = predictor.workspace();
  Shape shape{rows.shape()[0]};
  for (const std::size_t extent : predictor.output_row()) shape.append(extent);
  Array<T> out(shape);
  REQUIRE(predictor.predict(rows, out, workspace));
  return out;
}

template <class T>
bool has_same_bits(const Array<T>& a, const Array<T>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// x + relu(norm(convolution(x)))
template <class T>
struct Residual : nn::Module<T> {
  nn::Conv2d<T> convolution;
  nn::BatchNorm2d<T> norm;
  Residual(std::size_t channels, Random& random)
      : convolution(channels, channels, 3, random, {.padding = 1}), norm(channels) {
    this->add("convolution", convolution);
    this->add("norm", norm);
  }
  Variable<T> forward(Variable<T> x) override { return x + relu(norm(convolution(x))); }
  nn::GraphValue add_to(nn::Graph<T>& graph, nn::GraphValue x) const override {
    const auto inner = graph.apply(nn::operations::Activation<T>{nn::operations::Function::relu},
                                   {norm.add_to(graph, convolution.add_to(graph, x))});
    return graph.apply(nn::operations::Add(), {x, inner});
  }
};

/// Values that are used several times, and one that is not used: tanh(x) (x + x) + x.
template <class T>
struct Tangle : nn::Module<T> {
  Variable<T> forward(Variable<T> x) override { return tanh(x) * (x + x) + x; }
  nn::GraphValue add_to(nn::Graph<T>& graph, nn::GraphValue x) const override {
    using namespace nn::operations;
    const auto activated = graph.apply(Activation<T>{Function::tanh}, {x});
    graph.apply(Activation<T>{Function::gelu}, {x});
    const auto twice = graph.apply(nn::operations::Add(), {x, x});
    const auto product = graph.apply(nn::operations::Multiply(), {activated, twice});
    const auto result = graph.apply(nn::operations::Add(), {product, x});
    graph.apply(Activation<T>{Function::relu}, {result});
    return result;
  }
};

struct WithoutGraph : nn::Module<float> {
  Variable<float> forward(Variable<float> x) override { return x; }
};

/// It gives back what it gets.
template <class T>
struct Identity : nn::Module<T> {
  Variable<T> forward(Variable<T> x) override { return x; }
  nn::GraphValue add_to(nn::Graph<T>&, nn::GraphValue x) const override { return x; }
};

template <class T>
void add_layers(nn::Sequential<T>& model, Random& random) {
  model.template add<nn::Linear>(6, 20, random).template add<nn::BatchNorm1d>(20).template add<nn::Relu>();
  model.template add<nn::Linear>(20, 3, random);
  randomize<T>(model, random);
  model.eval();
}

template <class T>
Array<T> numbers(const Shape& shape, Random& random) {
  Array<T> array(shape);
  for (T& x : array) x = static_cast<T>(random.normal());
  return array;
}

}  // namespace

TEMPLATE_TEST_CASE("a predictor gives every layer's outputs bit for bit", "[inference][predictor]", float,
                   double) {
  Random random(3);
  for (auto& of : every_layer<TestType>(random)) {
    const Predictor<TestType> predictor(*of.model, of.row, 40);
    CHECK(predictor.row() == of.row);
    for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 17U, 31U, 40U}) {
      INFO(of.name << ", " << rows << " rows");
      const Array<TestType> in = random_rows(of, rows, random);
      const Array<TestType> expected = given_by_tape(*of.model, in);
      const Array<TestType> out = predicted(predictor, in);
      CHECK(has_same_bits(out, expected));
    }
  }
}

// However many samples a product takes together.
TEMPLATE_TEST_CASE("a predictor of convolutions takes any number of rows up to the largest batch",
                   "[inference][predictor]", float, double) {
  Random random(4);
  for (const auto& [out, kernel, stride, row] :
       {std::tuple<std::size_t, std::size_t, std::size_t, Shape>{64, 1, 1, {64, 4, 4}},
        {40, 1, 1, {64, 6, 6}},
        {6, 2, 3, {5, 9, 9}},
        {4, 3, 1, {2, 8, 8}}}) {
    nn::Sequential<TestType> model;
    model.template add<nn::Conv2d>(row[0], out, kernel, random,
                                   nn::Conv2dOptions<TestType>{.stride = stride});
    model.template add<nn::Relu>();
    for (const std::size_t largest : {1U, 2U, 4U, 9U, 10U, 24U}) {
      const Predictor<TestType> predictor(model, row, largest);
      for (std::size_t rows = 1; rows <= largest; ++rows) {
        INFO(row[0] << " channels, kernel " << kernel << ", " << rows << " of " << largest << " rows");
        const Array<TestType> in = random_rows(LayerCase<TestType>{"", row, nullptr}, rows, random);
        CHECK(has_same_bits(predicted(predictor, in), given_by_tape(model, in)));
      }
    }
  }
}

TEMPLATE_TEST_CASE("a predictor gives every layer's NaN and infinities", "[inference][predictor]", float,
                   double) {
  using Limits = std::numeric_limits<TestType>;
  Random random(4);
  for (auto& of : every_layer<TestType>(random)) {
    if (of.indices > 0) continue;
    INFO(of.name);
    const Predictor<TestType> predictor(*of.model, of.row, 7);
    Array<TestType> in = random_rows(of, 7, random);
    const TestType extremes[] = {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), TestType(-0.0),
                                 Limits::max(),       Limits::lowest(),   Limits::denorm_min()};
    for (std::size_t i = 0; i < in.size(); i += 3) in[i] = extremes[i % 7];
    const Array<TestType> expected = given_by_tape(*of.model, in), out = predicted(predictor, in);
    for (std::size_t i = 0; i < out.size(); ++i) {
      // Which of two NaN goes on is up to the compiler.
      if (std::isnan(expected[i])) {
        CHECK(std::isnan(out[i]));
      } else {
        CHECK(std::memcmp(&out[i], &expected[i], sizeof(TestType)) == 0);
      }
    }
  }
}

TEMPLATE_TEST_CASE("a predictor of wide layers has the bits of the tape", "[inference][predictor]", float,
                   double) {
  Random random(5);
  for (const std::size_t out : {1U, 7U, 10U, 15U, 16U, 24U, 31U, 33U, 64U, 100U, 130U}) {
    for (const std::size_t in : {1U, 5U, 16U, 63U, 300U}) {
      nn::Sequential<TestType> model;
      model.template add<nn::Linear>(in, out, random).template add<nn::Relu>();
      randomize<TestType>(model, random);
      const Predictor<TestType> predictor(model, {in}, 12), of_one(model, {in}, 1);
      for (const std::size_t rows : {1U, 2U, 5U, 6U, 12U}) {
        INFO(in << " -> " << out << ", " << rows << " rows");
        const Array<TestType> x = numbers<TestType>({rows, in}, random);
        const Array<TestType> expected = given_by_tape<TestType>(model, x);
        CHECK(has_same_bits(predicted(predictor, x), expected));
        if (rows == 1) CHECK(has_same_bits(predicted(of_one, x), expected));
      }
    }
  }
}

TEMPLATE_TEST_CASE("max-pooling by halves has the bits of windows looked at one by one",
                   "[inference][predictor]", float, double) {
  Random random(6);
  for (const std::size_t width : {2U, 3U, 8U, 15U, 16U, 17U, 31U, 33U, 40U, 70U}) {
    nn::MaxPool2d<TestType> pool(2);
    const Predictor<TestType> predictor(pool, {2, 5, width}, 2);
    Array<TestType> x = numbers<TestType>({2, 2, 5, width}, random);
    for (std::size_t i = 0; i < x.size(); i += 5) x[i] = i % 2 == 0 ? TestType(0.0) : TestType(-0.0);
    for (std::size_t i = 0; i < x.size(); i += 11) x[i] = std::numeric_limits<TestType>::quiet_NaN();
    Tape<TestType> tape;  // where a gradient is needed, each window is looked at
    const Array<TestType> expected(max_pool2d(tape.variable(x), 2, {}).values());
    CHECK(has_same_bits(predicted(predictor, x), expected));
  }
}

TEMPLATE_TEST_CASE("a predictor takes modules of one's own", "[inference][predictor]", float, double) {
  Random random(7);
  nn::Sequential<TestType> model;
  model.template add<Residual<TestType>>(3, random).template add<Residual<TestType>>(3, random);
  randomize<TestType>(model, random);
  model.eval();
  const Predictor<TestType> predictor(model, {3, 5, 5}, 4);
  Tangle<TestType> tangle;
  const Predictor<TestType> of_tangle(tangle, {3, 5, 5}, 4);
  Identity<TestType> identity;
  const Predictor<TestType> of_identity(identity, {3, 5, 5}, 4);
  for (const std::size_t rows : {1U, 2U, 4U}) {
    const Array<TestType> x = numbers<TestType>({rows, 3, 5, 5}, random);
    CHECK(has_same_bits(predicted(predictor, x), given_by_tape<TestType>(model, x)));
    CHECK(has_same_bits(predicted(of_tangle, x), given_by_tape<TestType>(tangle, x)));
    CHECK(has_same_bits(predicted(of_identity, x), x));
  }
}

TEST_CASE("products that the tape leaves to a BLAS are the same but for rounding", "[inference][predictor]") {
  Random random(8);
  nn::Sequential<double> model;
  model.add<nn::Linear>(2000, 300, random).add<nn::Tanh>().add<nn::Linear>(300, 4, random);
  const Array<double> x = numbers<double>({40, 2000}, random);
  const Array<double> out = predicted(Predictor<double>(model, {2000}, 40), x),
                      expected = given_by_tape<double>(model, x);
  for (std::size_t i = 0; i < out.size(); ++i)
    CHECK_THAT(out[i], Catch::Matchers::WithinAbs(expected[i], 1e-13));
}

TEST_CASE("a predictor outlives its model, and moves", "[inference][predictor]") {
  Random random(9);
  const Array<float> x = numbers<float>({2, 6}, random);
  Array<float> expected;
  const auto make = [&] {
    nn::Sequential<float> model;
    add_layers(model, random);
    expected = given_by_tape<float>(model, x);
    Predictor<float> predictor(model, {6}, 2);
    for (Parameter<float>* const parameter : model.parameters()) std::ranges::fill(parameter->values(), 7.0F);
    return predictor;
  };
  Predictor<float> first = make();
  auto workspace = first.workspace();
  Predictor<float> second = std::move(first);
  Array<float> out(expected.shape());
  CHECK_FALSE(first.predict(x, out, workspace));
  CHECK(second.predict(x, out, workspace));
  CHECK(has_same_bits(out, expected));
  first = std::move(second);
  CHECK(has_same_bits(predicted(first, x), out));
}

TEST_CASE("a predictor refuses what does not fit and writes nothing", "[inference][predictor][errors]") {
  Random random(10);
  nn::Sequential<float> model, larger;
  add_layers(model, random);
  larger.add<nn::Linear>(6, 300, random).add<nn::Linear>(300, 3, random);
  const Predictor<float> predictor(model, {6}, 4), other(larger, {6}, 4);
  auto workspace = predictor.workspace();
  std::vector<float> out(64, 5.0F);
  const std::vector<float> in(64, 1.0F);
  const auto predicts = [&](std::size_t inputs, std::size_t outputs) {
    return predictor.predict(std::span(in).first(inputs), std::span(out).first(outputs), workspace);
  };
  for (const auto& [inputs, outputs] :
       {std::pair(0, 0), {5, 3}, {7, 3}, {6, 2}, {6, 4}, {6, 0}, {12, 3}, {6, 6}, {30, 15}, {13, 6}}) {
    INFO(inputs << " and " << outputs);
    CHECK_FALSE(predicts(static_cast<std::size_t>(inputs), static_cast<std::size_t>(outputs)));
  }
  Predictor<float>::Workspace none;
  CHECK_FALSE(predictor.predict(std::span(in).first(6), std::span(out).first(3), none));
  CHECK_FALSE(other.predict(std::span(in).first(6), std::span(out).first(3), workspace));
  CHECK(std::ranges::count(out, 5.0F) == 64);
  CHECK(predicts(24, 12));
  CHECK(std::ranges::count(out, 5.0F) == 52);
}

TEST_CASE("a predictor cannot be made of what is wrong", "[inference][predictor][errors]") {
  Random random(11);
  nn::Sequential<float> model;
  add_layers(model, random);
  CHECK_THROWS_WITH(Predictor<float>(model, {6}, 0), "Predictor: largest_batch must be at least 1, got 0");
  CHECK_THROWS_AS(Predictor<float>(model, {7}, 1), ShapeError);
  WithoutGraph without;
  CHECK_THROWS_AS(Predictor<float>(without, {7}, 1), ArgumentError);
  CHECK_THROWS_WITH(Predictor<float>(Pipeline<float>{}, 1), ContainsSubstring("must have a model"));
  CHECK_THROWS_AS(Predictor<float>(model, {6}, std::numeric_limits<std::size_t>::max()), ShapeError);
}

TEST_CASE("an index that is none gives NaN for its lookup alone", "[inference][predictor]") {
  Random random(12);
  nn::Embedding<float> embedding(5, 2, random);
  const Predictor<float> predictor(embedding, {6}, 1);
  Array<float> x(Shape{1, 6});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t i = 0; const float index : {4.0F, 5.0F, -1.0F, 0.5F, nan, 1e30F}) x[i++] = index;
  const Array<float> out = predicted(predictor, x);
  CHECK(out[0] == embedding.weight.values()[8]);
  CHECK(out[1] == embedding.weight.values()[9]);
  for (std::size_t i = 2; i < 12; ++i) CHECK(std::isnan(out[i]));
}

TEST_CASE("the workspace holds values whose lives overlap, not all there are", "[inference][predictor]") {
  Random random(13);
  nn::Sequential<float> deep;
  for (int i = 0; i < 20; ++i) deep.add<nn::LayerNorm>(Shape{64}).add<nn::Softplus>();
  CHECK(Predictor<float>(deep, {64}, 16).workspace().bytes() == 0);  // all in what goes out
  nn::Sequential<float> chain;
  for (int i = 0; i < 10; ++i) chain.add<nn::AvgPool2d>(3, AvgPool2dOptions{.stride = 1, .padding = 1});
  CHECK(Predictor<float>(chain, {1, 32, 32}, 4).workspace().bytes() == 2 * 4 * 32 * 32 * sizeof(float));
}

TEMPLATE_TEST_CASE("a predictor of a pipeline takes the steps before and after it", "[inference][predictor]",
                   float, double) {
  Random random(14);
  nn::Sequential<TestType> model;
  add_layers(model, random);
  Array<TestType> features = numbers<TestType>({20, 6}, random);
  for (std::size_t i = 0; i < features.size(); ++i) features[i] = features[i] * 20 + 100;
  features[7] = features[40] = std::numeric_limits<TestType>::quiet_NaN();
  data::MeanImputer<TestType> imputer;
  imputer.fit(features);
  Array<TestType> imputed{ArrayView<const TestType>(features)};
  imputer.apply(imputed);
  data::Standardizer<TestType> standardizer;
  standardizer.fit(imputed);

  Pipeline<TestType> pipeline{.model = model,
                              .row = {6},
                              .imputer = imputer,
                              .standardizer = standardizer,
                              .factor = 0.3,
                              .shift = 0.1,
                              .outputs_are = inference::OutputKind::numbers};
  const double precision = std::numeric_limits<TestType>::epsilon();
  CHECK(has_same_bits(predicted(Predictor<TestType>(pipeline, 20), features), pipeline.outputs(features)));

  const auto check_probabilities = [&] {
    const Array<TestType> p = predicted(Predictor<TestType>(pipeline, 20), features);
    const Array<double> expected = pipeline.probabilities(features);
    REQUIRE(p.size() == expected.size());
    for (std::size_t i = 0; i < p.size(); ++i)
      CHECK_THAT(
          static_cast<double>(p[i]),
          Catch::Matchers::WithinAbs(expected[i], 4 * precision / std::min(1.0, pipeline.temperature)));
  };
  for (const double temperature : {1.0, 1.7, 0.05}) {
    INFO("temperature " << temperature);
    pipeline.temperature = temperature;
    pipeline.outputs_are = inference::OutputKind::classes;
    check_probabilities();
    pipeline.outputs_are = inference::OutputKind::multilabel;
    check_probabilities();
  }
}

TEST_CASE("a predictor of a pipeline gives what the model says it returns, of one logit too",
          "[inference][predictor]") {
  Random random(16);
  Tangle<float> tangle;
  const Array<float> x = numbers<float>({2, 3}, random);
  const Pipeline<float> of_numbers{
      .model = tangle, .row = {3}, .outputs_are = inference::OutputKind::numbers};
  CHECK(has_same_bits(predicted(Predictor<float>(of_numbers, 2), x), of_numbers.outputs(x)));
  nn::Linear<float> linear(3, 1, random);
  const Pipeline<float> binary{.model = linear, .row = {3}, .outputs_are = inference::OutputKind::binary};
  const Array<float> p = predicted(Predictor<float>(binary, 2), x);
  const Array<double> expected = binary.probabilities(x);
  REQUIRE(p.size() == 2);
  for (std::size_t i = 0; i < 2; ++i)
    CHECK_THAT(static_cast<double>(p[i]), Catch::Matchers::WithinAbs(expected[i], 1e-6));
}

TEST_CASE("eight threads share a predictor", "[inference][predictor][threads]") {
  Random random(15);
  nn::Sequential<float> model;
  model.add<nn::Conv2d>(1, 4, 3, random).add<nn::BatchNorm2d>(4).add<nn::Relu>().add<nn::MaxPool2d>(2);
  model.add<nn::Flatten>().add<nn::Linear>(36, 20, random).add<nn::Gelu>().add<nn::Linear>(20, 3, random);
  randomize<float>(model, random);
  model.eval();
  const Predictor<float> predictor(model, {1, 8, 8}, 3);
  std::vector<Array<float>> inputs, expected;
  for (std::size_t rows = 1; rows <= 3; ++rows) {
    inputs.push_back(numbers<float>({rows, 1, 8, 8}, random));
    expected.push_back(predicted(predictor, inputs.back()));
  }
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        auto workspace = predictor.workspace();
        for (std::size_t i = 0; i < 200; ++i) {
          const std::size_t which = (t + i) % 3;
          Array<float> out(expected[which].shape());
          const bool predicts = predictor.predict(inputs[which], out, workspace);
          wrong += !predicts || !has_same_bits(out, expected[which]);
        }
      });
    }
  }
  CHECK(wrong == 0);
}
