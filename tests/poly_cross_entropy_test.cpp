// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::poly_cross_entropy;
using losses::Reduction;

namespace {

const auto rows = array({2, 3}, {1, -2, 0.5, 0, 3, -1});
const auto soft_rows = array({2, 3}, {0.2, 0.3, 0.5, 0.1, 0, 0.9});
const std::vector<int> classes{2, 1};

template <class T>
LossResult of_class(const std::vector<double>& x, int y, double epsilon = 2) {
  return result_of<T>(array({x.size()}, x),
                      [=](auto row) { return poly_cross_entropy(row, y, {.epsilon = epsilon}); });
}

}  // namespace

TEMPLATE_TEST_CASE("poly_cross_entropy is what 120 digits give, to soft labels too",
                   "[losses][poly_cross_entropy]", float, double) {
  const auto hard = result_of<TestType>(
      rows, [](auto x) { return poly_cross_entropy(x, classes, {.reduction = Reduction::none}); });
  CHECK_THAT(hard.loss, AllClose({2.2722124697786831, 0.19340480000441773}, 1e-6));
  CHECK_THAT(hard.gradient, AllClose({1.0459251888653372, 0.052073548885709549, -1.0979987377510467,
                                      0.13389378432635583, -0.18315055488066523, 0.049256770554309405},
                                     1e-6));
  const auto mean = result_of<TestType>(rows, [](auto x) { return poly_cross_entropy(x, classes); });
  CHECK_THAT(mean.loss, AllClose({1.2328086348915504}, 1e-6));
  const auto soft = result_of<TestType>(rows, soft_rows, [](auto x, auto t) {
    return poly_cross_entropy(x, t, {.epsilon = 1, .reduction = Reduction::none});
  });
  CHECK_THAT(soft.loss, AllClose({2.341733348700786, 4.9457895985086636}, 1e-6));
  CHECK_THAT(soft.gradient, AllClose({0.47189014207509107, -0.26955444831777101, -0.20233569375732006,
                                      -0.057111991413296185, 0.9550526352178799, -0.89794064380458371},
                                     2e-6));
  CHECK_THAT(soft.label_gradient, AllClose({0.90084800619365772, 4.4745380147727095, 1.6384046860604833,
                                            4.0192712811794553, 0.12964435188092345, 5.0487360782119088},
                                           1e-6));
}

TEMPLATE_TEST_CASE("poly_cross_entropy is within 4 ulp of 120 digits where a class leads by 17, 40 or 80",
                   "[losses][poly_cross_entropy][exactness]", float, double) {
  const double bound = ulps<TestType>(4);
  const auto at_17 = of_class<TestType>({17, 0, -1}, 0);
  CHECK_THAT(at_17.loss, AllClose({1.6988806278048314e-7}, bound));
  CHECK_THAT(at_17.gradient,
             AllClose({-1.6988805476327382e-7, 1.2419811984145539e-7, 4.5689934921818432e-8}, bound));
  const auto at_40 = of_class<TestType>({40, 0, -1}, 0);
  CHECK_THAT(at_40.loss, AllClose({1.7433709333879733e-17}, bound));
  CHECK_THAT(at_40.gradient,
             AllClose({-1.7433709333879733e-17, 1.2745062765874767e-17, 4.6886465680049663e-18}, bound));
  const auto at_80 = of_class<TestType>({80, 0, -1}, 0);
  CHECK_THAT(at_80.loss, AllClose({7.4064573234104658e-35}, bound));
  CHECK_THAT(at_80.gradient,
             AllClose({-7.4064573234104658e-35, 5.4145541635362455e-35, 1.9919031598742203e-35}, bound));
  const auto wrong = of_class<TestType>({17, 0, -1}, 1);
  CHECK_THAT(wrong.loss, AllClose({18.999999973830606}, bound));
  CHECK_THAT(wrong.gradient,
             AllClose({1.0000000261693913, -1.0000000413993714, 1.5229980143271927e-8}, bound));
}

TEMPLATE_TEST_CASE("poly_cross_entropy is within 4 ulp of 120 digits for a negative epsilon too",
                   "[losses][poly_cross_entropy][exactness]", float, double) {
  const double bound = ulps<TestType>(4);
  const auto half = of_class<TestType>({17, 0}, 0, -0.5);
  CHECK_THAT(half.loss, AllClose({2.0699688593925821e-8}, bound));
  CHECK_THAT(half.gradient, AllClose({-2.0699688593925798e-8, 2.0699688593925798e-8}, bound));
  // With -1 the expansion begins with its second term.
  for (const auto& [lead, loss, slope] : {std::array{1.0, 0.044320266148227713, 0.072329488128513268},
                                          std::array{5.0, 2.2497564833213057e-5, 4.4794253494700645e-5},
                                          std::array{17.0, 8.569541684678476e-16, 1.7139082896325385e-15}}) {
    const auto one = of_class<TestType>({lead, 0}, 0, -1);
    CHECK_THAT(one.loss, AllClose({loss}, bound));
    CHECK_THAT(one.gradient, AllClose({-slope, slope}, bound));
  }
}

TEST_CASE("poly_cross_entropy with epsilon 0 is softmax_cross_entropy", "[losses][poly_cross_entropy]") {
  Tape<double> tape;
  const auto logits = tape.variable(rows);
  CHECK_THAT(poly_cross_entropy(logits, soft_rows, {.epsilon = 0}).item(),
             WithinRel(losses::softmax_cross_entropy(logits, soft_rows).item(), 1e-15));
}

TEST_CASE("poly_cross_entropy adds the probability of being wrong to the cross-entropy",
          "[losses][poly_cross_entropy]") {
  Tape<double> tape;
  const auto logits = tape.variable(rows), soft_labels = tape.constant(soft_rows);
  auto loss = losses::poly_cross_entropy(logits, soft_labels, {.epsilon = 1});
  const auto wrong = losses::reduce(sum(soft_labels * (1 - softmax(logits)), 1));
  CHECK_THAT(loss.item(),
             WithinRel(losses::softmax_cross_entropy(logits, soft_labels).item() + wrong.item(), 1e-15));
}

TEST_CASE("poly_cross_entropy gradient agrees with central differences, to labels too",
          "[losses][poly_cross_entropy][gradient]") {
  const double epsilon = GENERATE(2.0, -1.0);
  const auto soft = [=](auto x, auto t) {
    return poly_cross_entropy(x, t,
                              {.epsilon = epsilon,
                               .axis = 0,
                               .class_weights = std::vector{0.5, 2.0},
                               .class_mask = array({2, 3}, {1, 1, 0, 1, 0, 1}) > 0.5,
                               .label_smoothing = 0.1});
  };
  CHECK_THAT(gradcheck(soft, rows, soft_rows), HasCorrectGradient());
  const auto hard = [=](auto x) { return poly_cross_entropy(x, classes, {.epsilon = epsilon}); };
  CHECK_THAT(gradcheck(hard, rows), HasCorrectGradient());
}

TEST_CASE("poly_cross_entropy of infinite logits is the limit", "[losses][poly_cross_entropy][extremes]") {
  CHECK_THAT(of_class<double>({inf, 0, 1}, 0).loss, AllClose({0}, 0));
  CHECK_THAT(of_class<double>({inf, 0, 1}, 0).gradient, AllClose({0, 0, 0}, 0));
  CHECK_THAT(of_class<double>({inf, 0, 1}, 1).loss, AllClose({inf}, 0));
  CHECK_THAT(of_class<double>({inf, 0, 1}, 1).gradient, AllClose({1, -1, 0}, 0));
  CHECK_THAT(of_class<double>({0, -inf}, 0).loss, AllClose({0}, 0));
  CHECK_THAT(of_class<double>({0, -inf}, 0).gradient, AllClose({0, 0}, 0));
  CHECK_THAT(of_class<double>({0, -inf}, 1).loss, AllClose({inf}, 0));
  CHECK_THAT(of_class<double>({0, -inf}, 1).gradient, AllClose({1, -1}, 0));
  CHECK_THAT(of_class<double>({inf, inf}, 0).loss, AllClose({NaN}, 0));
  CHECK_THAT(of_class<double>({-inf, -inf}, 0).loss, AllClose({NaN}, 0));
  const auto impossible = result_of<double>({0, 0, -inf}, [](auto x) {
    return poly_cross_entropy(x, std::vector{0.5, 0.5, 0.0});
  });
  CHECK_THAT(impossible.loss, AllClose({std::log(2.0) + 1}, 1e-15));
  CHECK_THAT(impossible.gradient, AllClose({0, 0, 0}, 0, 1e-16));
}

TEST_CASE("poly_cross_entropy lets NaN through in its own sample only",
          "[losses][poly_cross_entropy][extremes]") {
  const auto only_first = [](const LossResult& result) {
    CHECK_THAT(result.loss, AllClose({NaN, 0.19340480000441773}, 1e-15));
    for (std::size_t j = 0; j < 3; ++j) CHECK(std::isnan(result.gradient[j]));
    CHECK_THAT(result.gradient[4], WithinRel(-0.18315055488066523, 1e-14));
  };
  auto x = rows;
  x(0, 1) = NaN;
  only_first(result_of<double>(
      x, [](auto a) { return poly_cross_entropy(a, classes, {.reduction = Reduction::none}); }));
  only_first(result_of<double>(rows, array({2, 3}, {0, NaN, 1, 0, 1, 0}), [](auto a, auto t) {
    return poly_cross_entropy(a, t, {.reduction = Reduction::none});
  }));
  only_first(result_of<double>(rows, [](auto a) {
    return poly_cross_entropy(a, classes,
                              {.class_weights = std::vector{1.0, 1.0, NaN}, .reduction = Reduction::none});
  }));
  only_first(result_of<double>(rows, [](auto a) {
    return poly_cross_entropy(a, classes,
                              {.sample_weights = std::vector{NaN, 1.0}, .reduction = Reduction::none});
  }));
}

TEST_CASE("poly_cross_entropy leaves out what is masked or ignored, whatever it holds",
          "[losses][poly_cross_entropy][extremes]") {
  const auto x = array({4, 3}, {NaN, 0, 0, inf, inf, 0, 17, 0, NaN, -inf, -inf, -inf});
  const auto result = result_of<double>(x, [](auto a) {
    return poly_cross_entropy(
        a, std::vector{0, 5, 0, -1},
        {.mask = std::vector{0, 0, 1, 1}, .class_mask = std::vector{true, true, false}, .ignore_index = -1});
  });
  // log(1 + e^-17) + 2 / (1 + e^17)
  CHECK_THAT(result.loss, AllClose({4.1399376330897474e-8 + 2 * 4.1399375473943306e-8}, ulps<double>(4)));
  const double slope = 4.1399375473943306e-8 * (1 + 2 * (1 - 4.1399375473943306e-8));
  CHECK_THAT(result.gradient, AllClose({0, 0, 0, 0, 0, 0, -slope, slope, 0, 0, 0, 0}, ulps<double>(4)));
}

TEST_CASE("poly_cross_entropy of no samples is empty, sums to zero and has no mean",
          "[losses][poly_cross_entropy][extremes]") {
  const auto loss = [](auto x, Reduction reduction) {
    return poly_cross_entropy(x, x, {.reduction = reduction});
  };
  check_loss_of_no_samples({0, 3}, loss);
  check_loss_of_no_samples({2, 0, 3}, loss);
}

TEST_CASE("poly_cross_entropy is the same, bit for bit, on one thread and on two",
          "[losses][poly_cross_entropy][threads]") {
  check_loss_on_two_threads([](auto x) { return poly_cross_entropy(x, std::vector<int>(100000, 1)); });
}
