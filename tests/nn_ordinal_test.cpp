// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace nn_ordinal_test {
namespace {

/// Ratings from 0 to 3 of points on a line, by where they lie between -1, 0.5 and 1.5.
struct Ratings {
  Array<double> points{Shape{200, 1}};
  std::vector<std::int64_t> grades;

  Ratings() {
    Random random(3);
    for (double& x : points) {
      x = random.uniform(-3, 3);
      grades.push_back(x < -1 ? 0 : x < 0.5 ? 1 : x < 1.5 ? 2 : 3);
    }
  }
};

}  // namespace

TEMPLATE_TEST_CASE("an ordinal layer begins with thresholds that are 1 apart and lie evenly around 0",
                   "[nn][ordinal]", float, double) {
  Tape<TestType> tape;
  nn::Ordinal<TestType> two(2), three(3), six(6);
  CHECK_THAT(values(two.thresholds(tape)), AllClose({0}, 0));
  CHECK_THAT(values(three.thresholds(tape)), AllClose({-0.5, 0.5}, ulps<TestType>(2)));
  CHECK_THAT(values(six.thresholds(tape)), AllClose({-2, -1, 0, 1, 2}, 0, ulps<TestType>(8)));
}

TEST_CASE("an ordinal layer makes log-probabilities of scores in a vector or a column", "[nn][ordinal]") {
  nn::Ordinal<double> layer(4);
  Tape<double> tape;
  const auto x = tape.constant(irregular({5})), column = tape.constant(irregular({5, 1}));
  const auto y = layer(x);
  CHECK(y.shape() == Shape{5, 4});
  CHECK(values(y) == values(ordinal_log_probabilities(x, layer.thresholds(tape))));
  CHECK(values(layer(column)) == values(y));
  CHECK(layer(tape.constant(irregular({0, 1}))).shape() == Shape{0, 4});
}

TEST_CASE("an ordinal layer has its first threshold and its gaps as parameters", "[nn][ordinal]") {
  nn::Ordinal<float> four(4), two(2);
  CHECK(four.parameters() == std::vector<Parameter<float>*>{&four.first_threshold, &four.gaps});
  CHECK(two.parameters() == std::vector<Parameter<float>*>{&two.first_threshold});
  CHECK(four.gaps.shape() == Shape{2});
  CHECK(four.type_name() == "Ordinal");
  nn::Ordinal<float> other(4);
  four.gaps.values()[1] = 3;
  other.load_state(four.state());
  CHECK(other.gaps.values()[1] == 3);
}

TEMPLATE_TEST_CASE("thresholds of an ordinal layer rise by softplus of the gaps", "[nn][ordinal]", float,
                   double) {
  nn::Ordinal<TestType> layer(4);
  layer.first_threshold.values()[0] = static_cast<TestType>(0.25);
  layer.gaps.value() = array({2}, {-1, 2});
  Tape<TestType> tape;
  // log(1 + e^-1) and log(1 + e^2)
  const double first = 0.25 + 0.31326168751822283;
  CHECK_THAT(values(layer.thresholds(tape)),
             AllClose({0.25, first, first + 2.1269280110429727}, ulps<TestType>(1)));
}

TEMPLATE_TEST_CASE("thresholds of an ordinal layer rise even where the gaps round to nothing",
                   "[nn][ordinal][extremes]", float, double) {
  nn::Ordinal<TestType> layer(5);
  layer.first_threshold.values()[0] = 1;
  layer.gaps.value() = array({3}, {-60, -1e30, -inf});
  Tape<TestType> tape;
  const double unit = std::numeric_limits<TestType>::epsilon();
  CHECK_THAT(values(layer.thresholds(tape)), AllClose({1, 1 + unit, 1 + 2 * unit, 1 + 3 * unit}, 0));
  CHECK_NOTHROW(layer(tape.constant(array({2}, {0, 1}))));
}

TEST_CASE("gradients of an ordinal layer agree with central differences", "[nn][ordinal][gradient]") {
  Random random(1);
  nn::Sequential<double> model;
  model.add<nn::Linear>(2, 1, random).add<nn::Ordinal>(5);
  const xt::xarray<double> points = irregular({6, 2});
  const auto report = nn::gradcheck(model, [&](Tape<double>& tape) {
    return losses::nll(model(tape.borrow(points)), std::vector{0, 4, 2, 1, 3, 2});
  });
  CHECK_THAT(report, HasCorrectGradient());
  CHECK(report.elements == 2 + 1 + 1 + 3);
}

TEST_CASE("a model that ends in an ordinal layer learns grades, by nll or by cross-entropy",
          "[nn][ordinal]") {
  const Ratings ratings;
  std::vector<std::size_t> rows(200);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  const auto nll = [](auto y, auto labels) { return losses::nll(y, labels); };
  const auto cross_entropy = [](auto y, auto labels) { return losses::softmax_cross_entropy(y, labels); };
  for (const training::Loss<double>& loss :
       {training::Loss<double>(nll), training::Loss<double>(cross_entropy)}) {
    Random random(1);
    nn::Sequential<double> model;
    model.add<nn::Linear>(1, 1, random).add<nn::Ordinal>(4);
    optim::Adam<double> optimizer(model.parameters(), {.learning_rate = 0.1});
    training::train(
        model, {.features = ratings.points, .targets = ratings.grades, .train = rows, .validation = rows},
        {.optimizer = optimizer, .random = random, .epochs = 60, .loss = loss});
    Tape<double> tape;
    const auto y = model(tape.borrow(ratings.points));
    CHECK(metrics::accuracy(metrics::predicted_classes(y), ratings.grades).value > 0.95);
  }
}

TEST_CASE("an ordinal layer refuses fewer than two classes and more than one score a row",
          "[nn][ordinal][errors]") {
  CHECK_THROWS_AS(nn::Ordinal<double>(1), ArgumentError);
  CHECK_THROWS_WITH(nn::Ordinal<double>(1), "Ordinal: classes must be at least 2, got 1");
  CHECK_THROWS_WITH(nn::Ordinal<double>(0), "Ordinal: classes must be at least 2, got 0");
  nn::Ordinal<double> layer(3);
  Tape<double> tape;
  for (const auto& [shape, text] :
       {std::pair{Shape{2, 3}, "(2, 3)"}, {Shape{}, "()"}, {Shape{2, 1, 1}, "(2, 1, 1)"}}) {
    const auto x = tape.constant(irregular(shape));
    CHECK(refusal<ShapeError>(tape, [&] { layer(x); }) ==
          std::string("Ordinal: x must be one score for each row, (rows) or (rows, 1), got ") + text);
  }
}

}  // namespace nn_ordinal_test
