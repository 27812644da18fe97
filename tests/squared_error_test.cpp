// SPDX-License-Identifier: BSD-3-Clause
#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Reduction;
using losses::squared_error;

namespace squared_error_test {
namespace {

template <class T>
LossResult each_of(const std::vector<double>& x, const std::vector<double>& t,
                   losses::SquaredErrorOptions options = {}) {
  options.reduction = Reduction::none;
  return result_of<T>(array({x.size()}, x), array({t.size()}, t),
                      [&](auto output, auto target) { return squared_error(output, target, options); });
}

}  // namespace

TEMPLATE_TEST_CASE("squared_error is the square of the error, with a gradient to outputs and targets",
                   "[losses][squared_error]", float, double) {
  const auto plain = each_of<TestType>({1.5, -2, 0.25, 3}, {1, 1, 0.25, 5});
  CHECK_THAT(plain.loss, AllClose({0.25, 9, 0, 4}, 0));
  CHECK_THAT(plain.gradient, AllClose({1, -6, 0, -4}, 0));
  CHECK_THAT(plain.label_gradient, AllClose({-1, 6, 0, 4}, 0));
  const auto half = each_of<TestType>({1.5, -2, 0.25, 3}, {1, 1, 0.25, 5}, {.scale = 0.5});
  CHECK_THAT(half.loss, AllClose({0.125, 4.5, 0, 2}, 0));
  CHECK_THAT(half.gradient, AllClose({0.5, -3, 0, -2}, 0));
  CHECK_THAT(half.label_gradient, AllClose({-0.5, 3, 0, 2}, 0));
}

TEMPLATE_TEST_CASE("squared_error is averaged over all elements, or along an axis", "[losses][squared_error]",
                   float, double) {
  const auto x = array({2, 2}, {1, 2, 3, 4}), t = array({2, 2}, {0, 0, 1, 0});
  const auto mean = result_of<TestType>(x, t, [](auto a, auto b) { return squared_error(a, b); });
  CHECK_THAT(mean.loss, AllClose({25.0 / 4}, 0));
  CHECK_THAT(mean.gradient, AllClose({0.5, 1, 1, 2}, 0));
  const auto rows = result_of<TestType>(x, t, [](auto a, auto b) {
    return squared_error(a, b,
                         {.axis = 1, .sample_weights = std::vector{2, 3}, .reduction = Reduction::none});
  });
  CHECK_THAT(rows.loss, AllClose({5, 30}, 0));
  CHECK_THAT(rows.gradient, AllClose({2, 4, 6, 12}, 0));
}

TEST_CASE("squared_error of floats keeps an error that is small beside them",
          "[losses][squared_error][exactness]") {
  // The floats next to 1 and 2^24: their differences are powers of two.
  const auto result = each_of<float>({1 + 0x1p-23, 0x1p24, 1e-30, 1e30}, {1, 0x1p24 - 1, 0, 0});
  CHECK_THAT(result.loss, AllClose({0x1p-46, 1, 0, inf}, 0));
  CHECK_THAT(result.gradient, AllClose({0x1p-22, 2, 2e-30, 2e30}, ulps<float>(1)));
}

TEST_CASE("squared_error gradient agrees with central differences, to targets too",
          "[losses][squared_error][gradient]") {
  const auto loss = [](auto x, auto t) {
    return squared_error(x, t, {.scale = 0.3, .axis = 0, .sample_weights = std::vector{1, -2, 3}});
  };
  CHECK_THAT(gradcheck(loss, irregular({2, 3}), irregular({2, 3}, 0, 5)), HasCorrectGradient());
  CHECK_THAT(gradcheck([](auto x) { return squared_error(x * x, x); }, irregular({2, 3})),
             HasCorrectGradient());
}

TEST_CASE("squared_error of an infinite error is infinite", "[losses][squared_error][extremes]") {
  const auto result = each_of<double>({inf, 0, 1e200}, {0, inf, -1e200});
  CHECK_THAT(result.loss, AllClose({inf, inf, inf}, 0));
  CHECK_THAT(result.gradient, AllClose({inf, -inf, 4e200}, 0));
}

TEST_CASE("squared_error lets NaN through in its own element only", "[losses][squared_error][extremes]") {
  const auto result = each_of<double>({NaN, 0, inf, 3}, {1, NaN, inf, 1});
  CHECK_THAT(result.loss, AllClose({NaN, NaN, NaN, 4}, 0));
  CHECK_THAT(result.gradient, AllClose({NaN, NaN, NaN, 4}, 0));
}

TEST_CASE("squared_error leaves out what is masked, whatever it holds", "[losses][squared_error][extremes]") {
  const auto result = each_of<double>({NaN, 3, inf}, {1, 1, NaN}, {.mask = std::vector{false, true, false}});
  CHECK_THAT(result.loss, AllClose({0, 4, 0}, 0));
  CHECK_THAT(result.gradient, AllClose({0, 4, 0}, 0));
  CHECK_THAT(result.label_gradient, AllClose({0, -4, 0}, 0));
}

TEST_CASE("squared_error of no samples is empty, sums to zero and has no mean",
          "[losses][squared_error][extremes]") {
  check_loss_of_no_samples(
      {0, 3}, [](auto x, Reduction reduction) { return squared_error(x, x, {.reduction = reduction}); });
  check_loss_of_no_samples({2, 0, 3}, [](auto x, Reduction reduction) {
    return squared_error(x, x, {.axis = -1, .reduction = reduction});
  });
}

TEST_CASE("squared_error is the same, bit for bit, on one thread and on two",
          "[losses][squared_error][threads]") {
  check_loss_on_two_threads([](auto x) { return squared_error(x, tanh(-x)); });
}

TEST_CASE("squared_error is called as its documentation shows", "[losses][squared_error]") {
  Tape<double> tape;
  const auto outputs = tape.variable(std::vector{0.5, 1.0, -1.0});
  auto loss = losses::squared_error(outputs, xt::xarray<float>{0.5, 2, -1});
  CHECK_THAT(loss.item(), WithinRel(1 / 3.0, ulps<double>(1)));
}

}  // namespace squared_error_test
