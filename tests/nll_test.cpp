// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Divisor;
using losses::nll;
using losses::Reduction;

namespace {

const auto log_probabilities = array({2, 3}, {-0.5, -2, -1.25, -3, -0.25, -1.5});
const std::vector<int> classes{2, 1};
const std::vector<double> weights{0.5, 2, 3};

}  // namespace

TEMPLATE_TEST_CASE("nll is what PyTorch computes", "[losses][nll]", float, double) {
  const auto each = result_of<TestType>(
      log_probabilities, [](auto x) { return nll(x, classes, {.reduction = Reduction::none}); });
  CHECK_THAT(each.loss, AllClose({1.25, 0.25}, 0));
  CHECK_THAT(each.gradient, AllClose({0, 0, -1, 0, -1, 0}, 0));
  const auto mean = result_of<TestType>(log_probabilities, [](auto x) { return nll(x, classes); });
  CHECK_THAT(mean.loss, AllClose({0.75}, 0));
  CHECK_THAT(mean.gradient, AllClose({0, 0, -0.5, 0, -0.5, 0}, 0));
}

TEMPLATE_TEST_CASE("nll with class weights divides by those of the labels, as PyTorch does", "[losses][nll]",
                   float, double) {
  const auto of_classes = [](const std::vector<int>& labels) {
    return result_of<TestType>(log_probabilities, [&](auto x) {
      return nll(x, labels,
                 {.class_weights = weights,
                  .ignore_index = -100,
                  .reduction = Reduction::mean_by(Divisor::sum_of_target_class_weights)});
    });
  };
  CHECK_THAT(of_classes({2, 1}).loss, AllClose({0.85}, 1e-6));
  CHECK_THAT(of_classes({2, 1}).gradient, AllClose({0, 0, -0.6, 0, -0.4, 0}, 1e-6));
  CHECK_THAT(of_classes({2, -100}).loss, AllClose({1.25}, 1e-6));
  CHECK_THAT(of_classes({2, -100}).gradient, AllClose({0, 0, -1, 0, 0, 0}, 1e-6));
  CHECK_THAT(of_classes({-100, -100}).loss, AllClose({NaN}, 0));
}

TEST_CASE("nll takes the classes from any axis", "[losses][nll]") {
  const auto result = result_of<double>(array({1, 3, 2}, {-0.5, -2, -1.25, -3, -0.25, -1.5}), [](auto x) {
    return nll(x, xt::xarray<int>{{2, 1}}, {.axis = 1, .reduction = Reduction::none});
  });
  CHECK_THAT(result.loss, AllClose({0.25, 3}, 0));
  CHECK_THAT(result.gradient, AllClose({0, 0, 0, -1, -1, 0}, 0));
}

TEST_CASE("nll after log_softmax is softmax_cross_entropy", "[losses][nll]") {
  Tape<double> tape;
  const auto logits = tape.variable(irregular({3, 3}));
  auto loss = losses::nll(log_softmax(logits), xt::xarray<int>{2, 0, 1});
  CHECK_THAT(loss.item(),
             WithinRel(losses::softmax_cross_entropy(logits, std::vector{2, 0, 1}).item(), 1e-15));
}

TEST_CASE("nll gradient agrees with central differences", "[losses][nll][gradient]") {
  const auto loss = [](auto x) {
    return nll(x, classes, {.class_weights = weights, .sample_weights = std::vector{0.25, -4.0}});
  };
  CHECK_THAT(gradcheck(loss, log_probabilities), HasCorrectGradient());
}

TEST_CASE("nll reads no class but that of the label", "[losses][nll][extremes]") {
  const auto result = result_of<double>(array({4, 2}, {-1, NaN, inf, -2, -inf, 0, 0, NaN}), [](auto x) {
    return nll(x, std::vector{0, 1, 0, 1}, {.reduction = Reduction::none});
  });
  CHECK_THAT(result.loss, AllClose({1, 2, inf, NaN}, 0));
  CHECK_THAT(result.gradient, AllClose({-1, 0, 0, -1, -1, 0, 0, -1}, 0));
}

TEST_CASE("nll lets NaN in a weight through to what it weighs", "[losses][nll][extremes]") {
  const auto by_class = result_of<double>(log_probabilities, [](auto x) {
    return nll(x, classes, {.class_weights = std::vector{NaN, 1.0, NaN}, .reduction = Reduction::none});
  });
  CHECK_THAT(by_class.loss, AllClose({NaN, 0.25}, 0));
  CHECK(std::isnan(by_class.gradient[2]));
  CHECK(by_class.gradient[4] == -1);
  const auto by_sample = result_of<double>(log_probabilities, [](auto x) {
    return nll(x, classes, {.sample_weights = std::vector{NaN, 1.0}, .reduction = Reduction::none});
  });
  CHECK_THAT(by_sample.loss, AllClose({NaN, 0.25}, 0));
  CHECK(std::isnan(by_sample.gradient[2]));
}

TEST_CASE("nll leaves out what is masked or ignored, whatever it holds", "[losses][nll][extremes]") {
  const auto result = result_of<double>(array({3, 2}, {NaN, inf, -1, -2, -inf, NaN}), [](auto x) {
    return nll(x, std::vector{7, 1, -1},
               {.sample_weights = std::vector{NaN, 3.0, inf},
                .mask = std::vector{false, true, true},
                .ignore_index = -1});
  });
  CHECK_THAT(result.loss, AllClose({6}, 0));
  CHECK_THAT(result.gradient, AllClose({0, 0, 0, -3, 0, 0}, 0));
}

TEST_CASE("nll of no samples is empty, sums to zero and has no mean", "[losses][nll][extremes]") {
  check_loss_of_no_samples({0, 3}, [](auto x, Reduction reduction) {
    return nll(x, std::vector<int>{}, {.reduction = reduction});
  });
  check_loss_of_no_samples({2, 0, 3}, [](auto x, Reduction reduction) {
    return nll(x, Array<std::int64_t>(Shape{2, 0}), {.reduction = reduction});
  });
}

TEST_CASE("nll is the same, bit for bit, on one thread and on two", "[losses][nll][threads]") {
  check_loss_on_two_threads([](auto x) { return nll(x, std::vector<int>(100000, 1)); });
}
