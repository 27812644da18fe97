// SPDX-License-Identifier: BSD-3-Clause
#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::huber;
using losses::Reduction;

namespace huber_test {
namespace {

template <class T>
LossResult each_of(const std::vector<double>& x, const std::vector<double>& t,
                   losses::HuberOptions options = {}) {
  options.reduction = Reduction::none;
  return result_of<T>(array({x.size()}, x), array({t.size()}, t),
                      [&](auto output, auto target) { return huber(output, target, options); });
}

}  // namespace

TEMPLATE_TEST_CASE("huber is half the square of small errors and grows like large ones, to targets too",
                   "[losses][huber]", float, double) {
  const auto plain = each_of<TestType>({0.5, -0.25, 3, -3, 1, 7}, {0, 0, 0, 1, 0, 7});
  CHECK_THAT(plain.loss, AllClose({0.125, 0.03125, 2.5, 3.5, 0.5, 0}, 0));
  CHECK_THAT(plain.gradient, AllClose({0.5, -0.25, 1, -1, 1, 0}, 0));
  CHECK_THAT(plain.label_gradient, AllClose({-0.5, 0.25, -1, 1, -1, 0}, 0));
  const auto wide = each_of<TestType>({0.5, 3, -6}, {0, 0, 0}, {.delta = 4});
  CHECK_THAT(wide.loss, AllClose({0.125, 4.5, 16}, 0));
  CHECK_THAT(wide.gradient, AllClose({0.5, 3, -4}, 0));
}

TEMPLATE_TEST_CASE("huber with the scale of 1 / delta is the smooth L1 loss", "[losses][huber]", float,
                   double) {
  // d^2 / (2 beta) below beta = 0.25, |d| - beta / 2 from there on
  const auto smooth = each_of<TestType>({0.125, -0.25, 2, -3}, {0, 0, 0, 0}, {.delta = 0.25, .scale = 4});
  CHECK_THAT(smooth.loss, AllClose({0.03125, 0.125, 1.875, 2.875}, 0));
  CHECK_THAT(smooth.gradient, AllClose({0.5, -1, 1, -1}, 0));
}

TEMPLATE_TEST_CASE("huber is averaged over all elements, or along an axis", "[losses][huber]", float,
                   double) {
  const auto x = array({2, 2}, {1, 2, 3, 0}), t = array({2, 2}, {0, 0, 1, 0});
  const auto mean = result_of<TestType>(x, t, [](auto a, auto b) { return huber(a, b); });
  CHECK_THAT(mean.loss, AllClose({3.5 / 4}, 0));
  CHECK_THAT(mean.gradient, AllClose({0.25, 0.25, 0.25, 0}, 0));
  const auto columns = result_of<TestType>(x, t, [](auto a, auto b) {
    return huber(a, b, {.axis = 0, .sample_weights = std::vector{2, 3}, .reduction = Reduction::none});
  });
  CHECK_THAT(columns.loss, AllClose({2, 2.25}, 0));
  CHECK_THAT(columns.gradient, AllClose({1, 1.5, 1, 0}, 0));
}

TEST_CASE("huber of errors whose square a double does not hold is exact", "[losses][huber][exactness]") {
  const auto tiny = each_of<double>({1e-200, 4e-200}, {0, 0}, {.delta = 2e-200, .scale = 1e200});
  CHECK_THAT(tiny.loss, AllClose({0.5e-200, 6e-200}, ulps<double>(4)));
  const auto huge = each_of<double>({1e200, -1e300}, {0, 0});
  CHECK_THAT(huge.loss, AllClose({1e200, 1e300}, 0));
  CHECK_THAT(huge.gradient, AllClose({1, -1}, 0));
}

TEST_CASE("huber gradient agrees with central differences, to targets too", "[losses][huber][gradient]") {
  const auto loss = [](auto x, auto t) {
    return huber(x, t, {.delta = 1.5, .scale = 0.3, .axis = 0, .sample_weights = std::vector{1, -2, 3}});
  };
  CHECK_THAT(gradcheck(loss, irregular({2, 3}), irregular({2, 3}, 0, 5)), HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x) { return huber(x * x, x); }, irregular({2, 3})), HasCorrectGradient());
}

TEST_CASE("huber of an infinite error is infinite, with the slope of large ones",
          "[losses][huber][extremes]") {
  const auto result = each_of<double>({inf, 0, 5}, {0, inf, -inf}, {.delta = 2});
  CHECK_THAT(result.loss, AllClose({inf, inf, inf}, 0));
  CHECK_THAT(result.gradient, AllClose({2, -2, 2}, 0));
}

TEST_CASE("huber lets NaN through in its own element only", "[losses][huber][extremes]") {
  const auto result = each_of<double>({NaN, 0, inf, 3}, {1, NaN, inf, 1});
  CHECK_THAT(result.loss, AllClose({NaN, NaN, NaN, 1.5}, 0));
  CHECK_THAT(result.gradient, AllClose({NaN, NaN, NaN, 1}, 0));
  CHECK_THAT(result.label_gradient, AllClose({NaN, NaN, NaN, -1}, 0));
}

TEST_CASE("huber leaves out what is masked, whatever it holds", "[losses][huber][extremes]") {
  const auto result = each_of<double>({NaN, 3, inf}, {1, 1, NaN}, {.mask = std::vector{false, true, false}});
  CHECK_THAT(result.loss, AllClose({0, 1.5, 0}, 0));
  CHECK_THAT(result.gradient, AllClose({0, 1, 0}, 0));
  CHECK_THAT(result.label_gradient, AllClose({0, -1, 0}, 0));
}

TEST_CASE("huber of no samples is empty, sums to zero and has no mean", "[losses][huber][extremes]") {
  check_loss_of_no_samples({0, 3},
                           [](auto x, Reduction reduction) { return huber(x, x, {.reduction = reduction}); });
  check_loss_of_no_samples({2, 0, 3}, [](auto x, Reduction reduction) {
    return huber(x, x, {.axis = -1, .reduction = reduction});
  });
}

TEST_CASE("huber is the same, bit for bit, on one thread and on two", "[losses][huber][threads]") {
  check_loss_on_two_threads([](auto x) { return huber(3 * x, tanh(-x)); });
}

TEST_CASE("huber is called as its documentation shows", "[losses][huber]") {
  Tape<double> tape;
  const auto outputs = tape.variable(std::vector{0.5, 1.0, 0.0});
  auto loss = losses::huber(outputs, xt::xarray<float>{0.5, 2, -100}, {.delta = 2});
  CHECK_THAT(loss.item(), WithinRel((0.5 + 198) / 3, ulps<double>(1)));
}

}  // namespace huber_test
