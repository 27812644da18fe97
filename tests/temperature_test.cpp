// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;
using metrics::calibrated_probabilities;
using metrics::fit_temperature;
using metrics::log_loss;

namespace {

using Numbers = std::vector<double>;
using Classes = std::vector<std::int64_t>;

const xt::xarray<double> logits{
    {2.0, -1.0, 0.5}, {0.25, 0.75, -3.0}, {1.5, 1.5, 4.0}, {-0.5, 3.0, 2.25}, {0.0, 0.0, 0.0}};
const Classes labels{0, 1, 1, 2, 0};
const Numbers log_odds{2.0, -1.5, 0.25, -30.0, 0.0};

double log_loss_at(const xt::xarray<double>& scores, const Classes& classes, double temperature) {
  return log_loss(xt::xarray<double>(scores / temperature), classes);
}

}  // namespace

TEMPLATE_TEST_CASE("the fitted temperature is the root of PyTorch's gradient", "[metrics][temperature]",
                   float, double) {
  // 1 / b, where the gradient of cross_entropy(b * logits, labels) changes its sign, by bisection in double
  const xt::xarray<TestType> scores = xt::cast<TestType>(logits);
  CHECK_THAT(fit_temperature(scores, labels), WithinRel(2.4220831194555155, 1e-12));
  // The same of binary_cross_entropy_with_logits
  CHECK_THAT(fit_temperature(log_odds, Classes{1, 0, 0, 0, 0}), WithinRel(0.5616844721411239, 1e-12));
  Tape<TestType> tape;
  CHECK(fit_temperature(tape.borrow(scores), labels) == fit_temperature(scores, labels));
}

TEST_CASE("a temperature turns one margin into the fraction that is right", "[metrics][temperature]") {
  // Of samples with the margin a, 3 in 4 are right: sigmoid(a / T) = 3/4, T = a / log(3).
  for (const double margin : {1e-2, 1.0, 2.0, 30.0, 800.0}) {
    const Numbers same(4, margin);
    CHECK_THAT(fit_temperature(same, Classes{1, 0, 1, 1}), WithinRel(margin / std::log(3.0), 1e-12));
    const xt::xarray<double> columns{{margin, 0}, {0, margin}, {5, 5 + margin}, {-margin, 0}};
    CHECK_THAT(fit_temperature(columns, Classes{0, 1, 0, 1}), WithinRel(margin / std::log(3.0), 1e-12));
  }
}

TEST_CASE("one wrong among very many right ones still has its temperature", "[metrics][temperature]") {
  const std::size_t count = 100'000;
  Numbers same(count, 20.0);
  Classes classes(count, 1);
  classes[17] = 0;
  CHECK_THAT(fit_temperature(same, classes), WithinRel(20 / std::log(99'999.0), 1e-10));
}

TEST_CASE("no other temperature has a smaller log loss", "[metrics][temperature]") {
  const xt::xarray<double> scores = irregular({300, 5}, -8, 8);
  Classes classes;
  for (std::size_t i = 0; i < 300; ++i) {
    classes.push_back(i % 3 == 0 ? static_cast<std::int64_t>(i % 5)
                                 : metrics::predicted_classes(
                                       xt::xarray<double>(xt::view(scores, xt::range(i, i + 1))))[0]);
  }
  const double fitted = fit_temperature(scores, classes), least = log_loss_at(scores, classes, fitted);
  for (const double factor : {0.25, 0.9, 0.999, 1.001, 1.1, 4.0}) {
    CHECK(log_loss_at(scores, classes, factor * fitted) > least);
  }
}

TEST_CASE("temperatures scale with the logits", "[metrics][temperature]") {
  const double one = fit_temperature(logits, labels);
  for (const double factor : {0.01, 7.0, 100.0}) {
    const xt::xarray<double> scaled = logits * factor + 1000;
    CHECK_THAT(fit_temperature(scaled, labels), WithinRel(factor * one, 1e-9));
  }
}

TEST_CASE("samples that are all right are fitted at the lowest temperature", "[metrics][temperature]") {
  const xt::xarray<double> right{{3, 0}, {0, 5}, {1e4, 0}};
  CHECK(fit_temperature(right, Classes{0, 1, 0}) == 1e-3);
  CHECK(fit_temperature(right, Classes{0, 1, 0}, {.lowest = 0.05, .highest = 20}) == 0.05);
  CHECK(fit_temperature(Numbers{9000, -9000}, Classes{1, 0}) == 1e-3);
  // Among them one that says nothing.
  CHECK(fit_temperature(xt::xarray<double>{{3, 0}, {2, 2}}, Classes{0, 1}) == 1e-3);
}

TEST_CASE("samples that are wrong are fitted at the highest temperature", "[metrics][temperature]") {
  CHECK(fit_temperature(Numbers{2, -3}, Classes{0, 1}) == 1e3);
  CHECK(fit_temperature(Numbers{2, -3}, Classes{0, 1}, {.lowest = 0.05, .highest = 20}) == 20);
  // PyTorch's log loss of these falls with the temperature up to 1000 too.
  CHECK(fit_temperature(log_odds, Classes{1, 0, 0, 1, 1}) == 1e3);
}

TEST_CASE("a minimum beyond the bounds is fitted at the bound", "[metrics][temperature]") {
  const Numbers same(4, 2.0);  // at 1.82
  CHECK(fit_temperature(same, Classes{1, 0, 1, 1}, {.lowest = 2, .highest = 3}) == 2);
  CHECK(fit_temperature(same, Classes{1, 0, 1, 1}, {.lowest = 0.5, .highest = 1.5}) == 1.5);
  CHECK(fit_temperature(same, Classes{1, 0, 1, 1}, {.lowest = 4, .highest = 4}) == 4);
  CHECK_THAT(fit_temperature(same, Classes{1, 0, 1, 1}, {.lowest = 1e-300, .highest = 1e300}),
             WithinRel(2 / std::log(3.0), 1e-12));
}

TEST_CASE("logits that say nothing leave the temperature at 1", "[metrics][temperature]") {
  CHECK(fit_temperature(xt::xarray<double>{{2, 2}, {-7, -7}}, Classes{0, 1}) == 1);
  CHECK(fit_temperature(Numbers{0, 0}, Classes{0, 1}) == 1);
  CHECK(fit_temperature(Numbers{0}, Classes{0}, {.lowest = 2, .highest = 3}) == 2);
  CHECK(fit_temperature(array({2, 1}, {2, 3}), Classes{0, 0}) == 1);
}

TEST_CASE("classes that are ruled out do not count in the temperature", "[metrics][temperature]") {
  const xt::xarray<double> masked{{2, 0, -inf}, {2, -inf, 0}, {-inf, 0, 2}, {0, 2, -inf}};
  CHECK_THAT(fit_temperature(masked, Classes{0, 2, 2, 1}), WithinRel(2 / std::log(3.0), 1e-12));
  CHECK(fit_temperature(xt::xarray<double>{{2, -inf}}, Classes{0}) == 1);
}

TEMPLATE_TEST_CASE("the temperature does not depend on the number of threads",
                   "[metrics][temperature][threads]", float, double) {
  const xt::xarray<TestType> many = irregular({20'000, 4}, -9, 9);
  Classes classes;
  for (std::size_t i = 0; i < 20'000; ++i) classes.push_back(static_cast<std::int64_t>(i % 4));
  for (std::size_t i = 0; i < 20'000; i += 2) classes[i] = many(i, 0) > many(i, 1) ? 0 : 1;
  const std::size_t threads = num_threads();
  set_num_threads(1);
  const double alone = fit_temperature(many, classes);
  set_num_threads(4);
  const double together = fit_temperature(many, classes);
  set_num_threads(threads);
  CHECK(alone == together);
  CHECK(alone < 1e3);
}

TEMPLATE_TEST_CASE("calibrated probabilities are PyTorch's", "[metrics][temperature]", float, double) {
  // softmax(logits / 2.5, 1)[0] and sigmoid(log_odds / 2.5), in double
  const xt::xarray<TestType> scores = xt::cast<TestType>(logits);
  const auto probabilities = calibrated_probabilities(scores, 2.5);
  CHECK(probabilities.shape() == Shape{5, 3});
  CHECK_THAT((Numbers{probabilities[0], probabilities[1], probabilities[2]}),
             AllClose({0.5405388318516458, 0.16280716746749874, 0.2966540006808555}, 1e-14));
  CHECK_THAT(values(calibrated_probabilities(log_odds, 2.5)),
             AllClose({0.6899744811276125, 0.35434369377420455, 0.52497918747894, 6.144174602214718e-06, 0.5},
                      1e-14));
}

TEST_CASE("calibrated probabilities of any logits stay probabilities", "[metrics][temperature]") {
  const xt::xarray<double> large{{1e308, 1e308, -1e308}, {-inf, 0, 0}};
  CHECK_THAT(values(calibrated_probabilities(large, 1e-3)), AllClose({0.5, 0.5, 0, 0, 0.5, 0.5}, 0));
  CHECK_THAT(values(calibrated_probabilities(Numbers{inf, -inf, 1e308}, 0.5)), AllClose({1, 0, 1}, 0));
  CHECK(calibrated_probabilities(ArrayView<const float>(nullptr, {0, 3}), 1).shape() == Shape{0, 3});
}

TEST_CASE("calibrated probabilities know differences that no double holds", "[metrics][temperature]") {
  const auto p = calibrated_probabilities(xt::xarray<double>{{1e308, -1e308}}, 1e308);
  CHECK_THAT(p[1], WithinRel(1 / (1 + std::exp(2)), 1e-15));
  CHECK_THAT(p[0], WithinRel(1 / (1 + std::exp(-2)), 1e-15));
}

TEST_CASE("fitting a temperature makes over-confident predictions calibrated", "[metrics][temperature]") {
  // Labels drawn from softmax(x / 3): so 3 is the temperature of the logits x.
  Random random(11);
  xt::xarray<double> scores = xt::zeros<double>({20'000, 3});
  for (double& logit : scores) logit = 4 * random.normal();
  const auto truth = calibrated_probabilities(scores, 3);
  Classes classes;
  for (std::size_t i = 0; i < 20'000; ++i) {
    const double u = random.uniform();
    classes.push_back(u < truth[3 * i] ? 0 : u < truth[3 * i] + truth[3 * i + 1] ? 1 : 2);
  }
  const auto error = [&](double temperature) {
    const auto table = metrics::reliability_table(calibrated_probabilities(scores, temperature), classes);
    return metrics::expected_calibration_error(table);
  };
  const double fitted = fit_temperature(scores, classes);
  CHECK_THAT(fitted, WithinRel(3.0, 0.05));
  CHECK(error(1) > 0.1);
  CHECK(error(fitted) < 0.02);
}

TEST_CASE("fit_temperature refuses what has no log loss", "[metrics][temperature][errors]") {
  CHECK_THROWS_AS(fit_temperature(ArrayView<const double>(nullptr, {0, 3}), Classes{}), ShapeError);
  CHECK_THROWS_WITH(fit_temperature(ArrayView<const double>(nullptr, {0, 3}), Classes{}),
                    "fit_temperature: logits must have at least one row, got (0, 3)");
  CHECK_THROWS_AS(fit_temperature(xt::xarray<double>{{0, 1}, {0, inf}}, Classes{0, 1}), ArgumentError);
  CHECK_THROWS_WITH(fit_temperature(xt::xarray<double>{{0, 1}, {0, inf}}, Classes{0, 1}),
                    "fit_temperature: logits must be less than inf, got inf at logits[1, 1]");
  CHECK_THROWS_WITH(
      fit_temperature(xt::xarray<double>{{0, 1}, {0, -inf}}, Classes{0, 1}),
      "fit_temperature: logits of the true classes must be finite, got -inf for class 1 in row 1");
  CHECK_THROWS_WITH(fit_temperature(Numbers{NAN}, Classes{0}),
                    "fit_temperature: logits must be numbers, got NaN at logits[0]");
  CHECK_THROWS_WITH(
      fit_temperature(Numbers{1}, Classes{2}),
      "fit_temperature: class_indices[0] is 2, but there are classes 0 to 1; classes are counted from "
      "0, and no 0 occurs in class_indices: subtract 1 if these count from 1");
  for (const double lowest : {0.0, -1.0, NaN, 1e-310}) {
    CHECK_THROWS_AS(fit_temperature(Numbers{1}, Classes{1}, {.lowest = lowest}), ArgumentError);
  }
  CHECK_THROWS_AS(fit_temperature(Numbers{1}, Classes{1}, {.highest = inf}), ArgumentError);
  CHECK_THROWS_WITH(fit_temperature(Numbers{1}, Classes{1}, {.lowest = 3, .highest = 2}),
                    "fit_temperature: bounds must be 0 < lowest <= highest < inf, got 3 and 2");
}

TEST_CASE("calibrated_probabilities refuses no temperature", "[metrics][temperature][errors]") {
  for (const double temperature : {0.0, -1.0, NaN, inf}) {
    CHECK_THROWS_AS(calibrated_probabilities(logits, temperature), ArgumentError);
  }
  CHECK_THROWS_WITH(calibrated_probabilities(logits, 0),
                    "calibrated_probabilities: temperature must be positive and finite, got 0");
  CHECK_THROWS_WITH(calibrated_probabilities(xt::xarray<double>{{0, inf}}, 1),
                    "calibrated_probabilities: logits must be less than inf, got inf at logits[0, 1]");
  CHECK_THROWS_WITH(
      calibrated_probabilities(Array<float>(Shape{}), 1),
      "calibrated_probabilities: logits must be (rows, classes) with at least one class, or (rows) "
      "for class 1 of two, got ()");
}

TEST_CASE("a temperature does not look at the rows of ignore_index", "[metrics][temperature][ignore_index]") {
  // Of the others, of one margin, 3 in 4 are right.
  const Classes classes{0, -1, 1, 0, 1};
  const LabelOptions named{.ignore_index = -1};
  const xt::xarray<double> columns{{2, 0}, {NAN, inf}, {0, 2}, {5, 7}, {-2, 0}};
  CHECK_THAT(fit_temperature(columns, classes, {}, named), WithinRel(2 / std::log(3.0), 1e-12));
  CHECK_THAT(fit_temperature(Numbers{2, inf, 2, 2, 2}, Classes{1, -1, 0, 1, 1}, {}, named),
             WithinRel(2 / std::log(3.0), 1e-12));
  CHECK_THROWS_AS(fit_temperature(columns, Classes(5, -1), {}, named), ArgumentError);
  CHECK_THROWS_WITH(fit_temperature(columns, Classes(5, -1), {}, named),
                    "fit_temperature: class_indices must have an entry besides ignore_index = -1, got none "
                    "in 5 rows");
  CHECK_THROWS_WITH(fit_temperature(xt::xarray<double>{{0, 1}, {0, inf}}, Classes{-1, 0}, {}, named),
                    "fit_temperature: logits must be less than inf, got inf at logits[1, 1]");
}
