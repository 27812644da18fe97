// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Reduction;
using losses::soft_margin;

namespace {

const auto rows = array({2, 3}, {1, -2, 0.5, 0, 3, -1});
const auto signs = array({2, 3}, {-1, 1, 1, 1, -1, -1});

template <class T>
LossResult each_of(const std::vector<double>& x, const std::vector<double>& t,
                   losses::SoftMarginOptions options = {}) {
  options.reduction = Reduction::none;
  return result_of<T>(array({x.size()}, x), array({t.size()}, t),
                      [&](auto logit, auto label) { return soft_margin(logit, label, options); });
}

}  // namespace

TEMPLATE_TEST_CASE("soft_margin is what PyTorch computes in float64", "[losses][soft_margin]", float,
                   double) {
  const auto each =
      result_of<TestType>(rows, [](auto x) { return soft_margin(x, signs, {.reduction = Reduction::none}); });
  CHECK_THAT(each.loss, AllClose({1.3132616875182228, 2.1269280110429727, 0.4740769841801067,
                                  0.6931471805599453, 3.048587351573742, 0.31326168751822286},
                                 1e-6));
  CHECK_THAT(each.gradient, AllClose({0.7310585786300049, -0.8807970779778824, -0.37754066879814546, -0.5,
                                      0.9525741268224333, 0.2689414213699951},
                                     1e-6));
  const auto mean = result_of<TestType>(rows, [](auto x) { return soft_margin(x, signs); });
  CHECK_THAT(mean.loss, AllClose({1.3282104837322022}, 1e-6));
  CHECK_THAT(mean.gradient[1], WithinRel(-0.14679951299631375, 1e-6));
}

TEMPLATE_TEST_CASE("soft_margin is what 120 digits give for labels of any size, to labels too",
                   "[losses][soft_margin]", float, double) {
  const auto result = each_of<TestType>({-1.5, 0.3, 2}, {1, -1, 0.5});
  CHECK_THAT(result.loss, AllClose({1.7014132779827524, 0.85435524446852711, 0.31326168751822283}, 1e-6));
  CHECK_THAT(result.gradient,
             AllClose({-0.81757447619364366, 0.57444251681165898, -0.13447071068499756}, 1e-6));
  CHECK_THAT(result.label_gradient,
             AllClose({1.2263617142904655, -0.17233275504349769, -0.53788284273999024}, 1e-6));
}

TEMPLATE_TEST_CASE("soft_margin is within 4 ulp of 120 digits in both tails",
                   "[losses][soft_margin][exactness]", float, double) {
  const double bound = ulps<TestType>(4);
  const auto right = each_of<TestType>({17, -17, 80}, {1, -1, 1});
  CHECK_THAT(right.loss,
             AllClose({4.1399376330897474e-8, 4.1399376330897474e-8, 1.8048513878454152e-35}, bound));
  CHECK_THAT(right.gradient,
             AllClose({-4.1399375473943306e-8, 4.1399375473943306e-8, -1.8048513878454152e-35}, bound));
  CHECK_THAT(right.label_gradient,
             AllClose({-7.037893830570362e-7, 7.037893830570362e-7, -1.4438811102763321e-33}, bound));
  const auto wrong = each_of<TestType>({17, 1e30}, {-1, -1});
  CHECK_THAT(wrong.loss, AllClose({17.000000041399376, 1e30}, bound));
  CHECK_THAT(wrong.gradient, AllClose({0.99999995860062453, 1}, bound));
  CHECK_THAT(wrong.label_gradient, AllClose({-16.999999296210617, -1e30}, bound));
}

TEST_CASE("soft_margin of signs is sigmoid_cross_entropy of zeros and ones", "[losses][soft_margin]") {
  Tape<double> tape;
  const auto x = tape.variable(rows);
  CHECK_THAT(soft_margin(x, signs).item(),
             WithinRel(losses::sigmoid_cross_entropy(x, (signs + 1) / 2).item(), 1e-15));
}

TEST_CASE("soft_margin gradient agrees with central differences, to labels too",
          "[losses][soft_margin][gradient]") {
  const auto loss = [](auto x, auto t) {
    return soft_margin(
        x, t,
        {.axis = 0, .class_weights = std::vector{0.5, 2.0, 3.0}, .sample_weights = std::vector{1, -2, 3}});
  };
  CHECK_THAT(gradcheck(loss, rows, irregular({2, 3})), HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x) { return soft_margin(x, x); }, rows), HasCorrectGradient());
}

TEST_CASE("soft_margin of infinite logits is the limit", "[losses][soft_margin][extremes]") {
  const auto result = each_of<double>({inf, -inf, inf, -inf}, {1, -1, -1, 1});
  CHECK_THAT(result.loss, AllClose({0, 0, inf, inf}, 0));
  CHECK_THAT(result.gradient, AllClose({0, 0, 1, -1}, 0));
  CHECK_THAT(result.label_gradient, AllClose({0, 0, -inf, inf}, 0));
}

TEST_CASE("soft_margin lets NaN through in its own element only", "[losses][soft_margin][extremes]") {
  const auto result = each_of<double>({NaN, 0, 17}, {1, NaN, 1});
  CHECK_THAT(result.loss, AllClose({NaN, NaN, 4.1399376330897474e-8}, 1e-15));
  CHECK_THAT(result.gradient, AllClose({NaN, NaN, -4.1399375473943306e-8}, 1e-15));
  const auto weighted = each_of<double>({0, 17}, {1, 1}, {.class_weights = std::vector{NaN, 1.0}});
  CHECK_THAT(weighted.loss, AllClose({NaN, 4.1399376330897474e-8}, 1e-15));
  CHECK_THAT(weighted.gradient, AllClose({NaN, -4.1399375473943306e-8}, 1e-15));
}

TEST_CASE("soft_margin leaves out what is masked, whatever it holds", "[losses][soft_margin][extremes]") {
  const auto result = each_of<double>({NaN, 17, inf}, {1, 1, NaN}, {.mask = std::vector{false, true, false}});
  CHECK_THAT(result.loss, AllClose({0, 4.1399376330897474e-8, 0}, 1e-15));
  CHECK_THAT(result.gradient, AllClose({0, -4.1399375473943306e-8, 0}, 1e-15));
  CHECK_THAT(result.label_gradient, AllClose({0, -7.037893830570362e-7, 0}, 1e-15));
}

TEST_CASE("soft_margin of no samples is empty, sums to zero and has no mean",
          "[losses][soft_margin][extremes]") {
  check_loss_of_no_samples(
      {0, 3}, [](auto x, Reduction reduction) { return soft_margin(x, x, {.reduction = reduction}); });
  check_loss_of_no_samples({2, 0, 3}, [](auto x, Reduction reduction) {
    return soft_margin(x, x, {.axis = -1, .reduction = reduction});
  });
}

TEST_CASE("soft_margin is the same, bit for bit, on one thread and on two",
          "[losses][soft_margin][threads]") {
  check_loss_on_two_threads([](auto x) { return soft_margin(x, tanh(-x)); });
}

TEST_CASE("soft_margin is called as its documentation shows", "[losses][soft_margin]") {
  Tape<double> tape;
  const auto logits = tape.variable(std::vector{0, 0, 0});
  auto loss = losses::soft_margin(logits, xt::xarray<float>{-1, 1, 1});
  CHECK_THAT(loss.item(), WithinRel(std::log(2.0), 1e-15));
}
