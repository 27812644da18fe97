// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"
#include "xtensor.hpp"

using namespace xtape;
using namespace xtape::testing;
using metrics::brier_score;
using metrics::Estimate;
using metrics::log_loss;
using metrics::log_loss_of_probabilities;

namespace {

using Numbers = std::vector<double>;
using Classes = std::vector<std::int64_t>;

// The figures of these are PyTorch 1.13's, in double: the losses with reduction="none", their mean() and
// std() / sqrt(5).
const xt::xarray<double> logits{
    {2.0, -1.0, 0.5}, {0.25, 0.75, -3.0}, {1.5, 1.5, 4.0}, {-0.5, 3.0, 2.25}, {0.0, 0.0, 0.0}};
const Classes labels{0, 1, 1, 2, 0};
const Numbers log_odds{2.0, -1.5, 0.25, -30.0, 0.0};
const Classes answers{1, 0, 0, 1, 1};

}  // namespace

TEMPLATE_TEST_CASE("log loss of logits and its standard error are PyTorch's", "[metrics][log_loss]", float,
                   double) {
  const xt::xarray<TestType> scores = xt::cast<TestType>(logits);
  const Estimate loss = log_loss(scores, labels);
  CHECK_THAT(loss.value, WithinRel(1.127542924094158, 1e-14));
  CHECK_THAT(loss.standard_error, WithinRel(0.4194849226930644, 1e-14));
  CHECK(loss.count == 5);
  Tape<TestType> tape;
  CHECK(log_loss(tape.borrow(scores), labels) == loss);
}

TEST_CASE("log loss of log-odds is PyTorch's", "[metrics][log_loss]") {
  // binary_cross_entropy_with_logits
  const Estimate loss = log_loss(log_odds, answers);
  CHECK_THAT(loss.value, WithinRel(6.369485577892921, 1e-14));
  CHECK_THAT(loss.standard_error, WithinRel(5.90917749916534, 1e-14));
}

TEST_CASE("log loss is the mean of the loss that trains", "[metrics][log_loss]") {
  Tape<double> tape;
  const double loss = losses::softmax_cross_entropy(tape.borrow(logits), labels).item();
  CHECK_THAT(log_loss(logits, labels).value, WithinRel(loss, ulps<double>(4)));
}

TEST_CASE("log loss keeps its digits for samples far on the right side", "[metrics][log_loss][stability]") {
  const xt::xarray<float> sure{{40, 0}};
  CHECK_THAT(log_loss(sure, Classes{0}).value, WithinRel(std::log1p(std::exp(-40.0)), ulps<double>(4)));
  CHECK_THAT(log_loss(Numbers{40}, Classes{1}).value,
             WithinRel(std::log1p(std::exp(-40.0)), ulps<double>(4)));
  CHECK_THAT(log_loss(Numbers{-40}, Classes{0}).value,
             WithinRel(std::log1p(std::exp(-40.0)), ulps<double>(4)));
  CHECK_THAT(log_loss(Numbers{1e300}, Classes{0}).value, WithinRel(1e300, ulps<double>(4)));
}

TEST_CASE("log loss of a true class that is ruled out is infinite", "[metrics][log_loss]") {
  const xt::xarray<double> scores{{0, -inf}, {0, 0}};
  CHECK(log_loss(scores, Classes{1, 0}) == inf);
  CHECK(std::isnan(log_loss(scores, Classes{1, 0}).standard_error));
  CHECK_THAT(log_loss(scores, Classes{0, 0}).value, WithinRel(std::log(2.0) / 2, ulps<double>(4)));
  CHECK(std::isnan(log_loss(xt::xarray<double>{{-inf, -inf}}, Classes{0})));
}

TEST_CASE("log loss of many rows does not depend on the number of threads", "[metrics][log_loss]") {
  const xt::xarray<double> many = irregular({30'000, 4}, -9, 9);
  const Classes zeros(30'000, 0);
  const std::size_t threads = num_threads();
  set_num_threads(1);
  const Estimate alone = log_loss(many, zeros);
  set_num_threads(4);
  const Estimate together = log_loss(many, zeros);
  set_num_threads(threads);
  CHECK(alone.value == together.value);
  CHECK(alone.standard_error == together.standard_error);
}

TEMPLATE_TEST_CASE("log loss of probabilities is scikit-learn's", "[metrics][log_loss]", float, double) {
  // log_loss(["spam", "ham", "ham", "spam"], [[.1, .9], [.9, .1], [.8, .2], [.35, .65]]), from its
  // documentation: 0.21616
  const xt::xarray<double> both{{0.1, 0.9}, {0.9, 0.1}, {0.8, 0.2}, {0.35, 0.65}};
  const xt::xarray<TestType> probabilities = xt::cast<TestType>(both);
  const Classes spam{1, 0, 0, 1};
  const double by_hand = -(std::log(0.9) + std::log(0.9) + std::log(0.8) + std::log(0.65)) / 4;
  CHECK_THAT(log_loss_of_probabilities(probabilities, spam).value, WithinAbs(0.21616, 0.000005));
  CHECK_THAT(log_loss_of_probabilities(probabilities, spam).value, WithinRel(by_hand, ulps<TestType>(4)));
  const xt::xarray<TestType> of_spam = xt::view(probabilities, xt::all(), 1);
  CHECK_THAT(log_loss_of_probabilities(of_spam, spam).value, WithinRel(by_hand, ulps<TestType>(4)));
}

TEST_CASE("log loss of the softmax is that of the logits", "[metrics][log_loss]") {
  const auto probabilities = metrics::calibrated_probabilities(logits, 1);
  const Estimate loss = log_loss_of_probabilities(probabilities, labels), exact = log_loss(logits, labels);
  CHECK_THAT(loss.value, WithinRel(exact.value, 1e-14));
  CHECK_THAT(loss.standard_error, WithinRel(exact.standard_error, 1e-14));
}

TEST_CASE("probabilities of 0 and 1 are taken at their word", "[metrics][log_loss]") {
  CHECK(log_loss_of_probabilities(Numbers{0, 1}, Classes{0, 1}) == 0);
  CHECK(log_loss_of_probabilities(Numbers{0, 0.5}, Classes{1, 1}) == inf);
  CHECK(log_loss_of_probabilities(Numbers{1, 0.5}, Classes{0, 1}) == inf);
  CHECK(log_loss_of_probabilities(xt::xarray<double>{{1, 0}}, Classes{1}) == inf);
  CHECK_THAT(log_loss_of_probabilities(Numbers{1e-30}, Classes{0}).value, WithinRel(1e-30, ulps<double>(4)));
}

TEST_CASE("Brier scores are scikit-learn's", "[metrics][brier]") {
  // brier_score_loss([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3]) and of (eggs, ham, spam), from its documentation:
  // 0.0375 and 0.146...
  const Estimate binary = brier_score(Numbers{0.1, 0.9, 0.8, 0.3}, Classes{0, 1, 1, 0});
  CHECK_THAT(binary.value, WithinRel(0.0375, 1e-14));
  // The squares are 1, 1, 4 and 9 hundredths. Their squared distances from 3.75 sum to 42.75.
  CHECK_THAT(binary.standard_error, WithinRel(0.01 * std::sqrt(42.75 / 3 / 4), 1e-14));
  const xt::xarray<double> three{{0.8, 0.1, 0.1}, {0.2, 0.7, 0.1}, {0.2, 0.2, 0.6}};
  CHECK_THAT(brier_score(three, Classes{0, 1, 2}).value, WithinRel(0.44 / 3, 1e-14));
}

TEST_CASE("the Brier score of a softmax and its standard error are PyTorch's", "[metrics][brier]") {
  // ((softmax(logits) - one_hot(labels))**2).sum(1)
  const Estimate score = brier_score(metrics::calibrated_probabilities(logits, 1), labels);
  CHECK_THAT(score.value, WithinRel(0.7106282821472707, 1e-14));
  CHECK_THAT(score.standard_error, WithinRel(0.26689208654561347, 1e-14));
}

TEST_CASE("the Brier score of two columns is twice that of one", "[metrics][brier]") {
  const xt::xarray<float> two{{0.25f, 0.75f}, {0.5f, 0.5f}, {1, 0}}, one{0.75f, 0.5f, 0};
  const Classes classes{1, 0, 1};
  CHECK(brier_score(two, classes) == 2 * brier_score(one, classes));
  CHECK(brier_score(one, classes) == (0.0625 + 0.25 + 1) / 3);
}

TEST_CASE("no rows have no scores", "[metrics][log_loss][brier]") {
  const ArrayView<const double> none(nullptr, {0, 3});
  CHECK(std::isnan(log_loss(none, Classes{})));
  CHECK(std::isnan(log_loss_of_probabilities(none, Classes{})));
  CHECK(std::isnan(brier_score(Numbers{}, Classes{}).standard_error));
  CHECK(brier_score(Numbers{}, Classes{}).count == 0);
  CHECK(std::isnan(log_loss(Numbers{1}, Classes{1}).standard_error));
}

TEST_CASE("scores refuse what are no probabilities", "[metrics][log_loss][brier][errors]") {
  CHECK_THROWS_AS(brier_score(Numbers{0.5, 1.5}, Classes{0, 1}), ValueError);
  CHECK_THROWS_WITH(brier_score(Numbers{0.5, 1.5}, Classes{0, 1}),
                    "brier_score: probabilities must be in [0, 1], got 1.5 at probabilities[1]");
  CHECK_THROWS_WITH(
      log_loss_of_probabilities(logits, labels),
      "log_loss_of_probabilities: probabilities must be in [0, 1], got 2 at probabilities[0, 0]");
  CHECK_THROWS_AS(brier_score(xt::xarray<double>{{0.5, 0.25}}, Classes{0}), ValueError);
  CHECK_THROWS_WITH(brier_score(xt::xarray<double>{{0.5, 0.25}}, Classes{0}),
                    "brier_score: probabilities (1, 2) must sum to 1 in each row, got 0.75 in row 0");
  CHECK_THROWS_AS(brier_score(Numbers{NAN}, Classes{0}), ArgumentError);
  CHECK_THROWS_WITH(brier_score(Numbers{NAN}, Classes{0}),
                    "brier_score: probabilities must be numbers, got NaN at probabilities[0]");
}

TEST_CASE("log loss refuses logits and labels that do not fit", "[metrics][log_loss][errors]") {
  CHECK_THROWS_AS(log_loss(Array<float>(Shape{2, 3, 4}), labels), ShapeError);
  CHECK_THROWS_WITH(
      log_loss(Array<float>(Shape{2, 3, 4}), labels),
      "log_loss: logits must be (rows, classes) with at least one class, or (rows) for class 1 of "
      "two, got (2, 3, 4)");
  CHECK_THROWS_WITH(log_loss(logits, xt::xarray<int>{{0, 1, 1, 2, 0}}),
                    "log_loss: class_indices must have one entry for each row of logits (5, 3), got (1, 5)");
  CHECK_THROWS_AS(log_loss(logits, Classes{0, 1, 1, 3, 0}), LabelError);
  CHECK_THROWS_WITH(log_loss(logits, Classes{0, 1, 1, 3, 0}),
                    "log_loss: class_indices[3] is 3, but logits (5, 3) has classes 0 to 2");
  CHECK_THROWS_WITH(log_loss(log_odds, Classes{0, 1, 1, 2, 0}),
                    "log_loss: class_indices[3] is 2, but there are classes 0 to 1");
  CHECK_THROWS_WITH(log_loss(xt::xarray<float>{{0, NAN}}, Classes{0}),
                    "log_loss: logits must be numbers, got NaN at logits[0, 1]");
}

TEST_CASE("proper scores do not look at the rows of ignore_index", "[metrics][ignore_index]") {
  // The classes of the others have the probabilities 3/4 and 1/2.
  const xt::xarray<double> of_classes{{std::log(3.0), 0}, {NAN, inf}, {0, 0}};
  const Classes classes{0, -1, 1};
  const LabelOptions named{.ignore_index = -1};
  const Estimate loss = log_loss(of_classes, classes, named);
  CHECK_THAT(loss.value, WithinRel(std::log(8 / 3.0) / 2, 1e-15));
  // Half the difference of two numbers, of log(4/3) and log(2), is the standard error of their mean.
  CHECK_THAT(loss.standard_error, WithinRel(std::log(1.5) / 2, 1e-15));
  CHECK(loss.count == 2);
  CHECK_THAT(log_loss(Numbers{-std::log(3.0), NAN, 0}, classes, named).value,
             WithinRel(std::log(8 / 3.0) / 2, 1e-15));

  const xt::xarray<double> probabilities{{0.75, 0.25}, {7, NAN}, {0.5, 0.5}};
  CHECK_THAT(log_loss_of_probabilities(probabilities, classes, named).value,
             WithinRel(std::log(8 / 3.0) / 2, 1e-15));
  CHECK(brier_score(probabilities, classes, named) == (0.125 + 0.5) / 2);
  CHECK(brier_score(Numbers{0.25, 7, 0.5}, classes, named) == (0.0625 + 0.25) / 2);
  CHECK(std::isnan(brier_score(probabilities, Classes(3, -1), named)));

  CHECK_THROWS_WITH(log_loss(of_classes, classes),
                    "log_loss: class_indices[1] is -1, but logits (3, 2) has classes 0 to 1; to skip such "
                    "samples set ignore_index = -1");
  CHECK_THROWS_WITH(brier_score(xt::xarray<double>{{1, 0}, {1, 1}}, Classes{-1, 0}, named),
                    "brier_score: probabilities (2, 2) must sum to 1 in each row, got 2 in row 1");
}
