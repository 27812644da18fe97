// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::categorical_cross_entropy;
using losses::Normalization;
using losses::Reduction;

namespace {

const auto unnormalised = array({2, 3}, {0.4, 0.2, 0.9, 0.1, 2, 0.3});
const auto soft_labels = array({2, 3}, {0.2, 0.3, 0.5, 0.1, 0, 0.9});
const std::vector<int> class_indices{2, 1};

}  // namespace

TEMPLATE_TEST_CASE("categorical_cross_entropy of class indices is what 120 digits give",
                   "[losses][categorical_cross_entropy]", float, double) {
  const auto each = result_of<TestType>(unnormalised, [](auto p) {
    return categorical_cross_entropy(p, class_indices, {.reduction = Reduction::none});
  });
  CHECK_THAT(each.loss, AllClose({0.5108256237659907, 0.18232155679395462}, 1e-6));
  CHECK_THAT(each.gradient, AllClose({0.66666666666666664, 0.66666666666666664, -0.44444444444444444,
                                      0.41666666666666667, -0.083333333333333332, 0.41666666666666667},
                                     1e-6));
  const auto mean =
      result_of<TestType>(unnormalised, [](auto p) { return categorical_cross_entropy(p, class_indices); });
  CHECK_THAT(mean.loss, AllClose({0.34657359027997266}, 1e-6));
  CHECK_THAT(mean.gradient[2], WithinRel(-0.22222222222222222, 1e-6));
}

TEMPLATE_TEST_CASE(
    "categorical_cross_entropy of soft labels is what 120 digits give, and so are both gradients",
    "[losses][categorical_cross_entropy]", float, double) {
  const auto result = result_of<TestType>(unnormalised, soft_labels, [](auto p, auto t) {
    return categorical_cross_entropy(p, t, {.reduction = Reduction::none});
  });
  CHECK_THAT(result.loss, AllClose({1.1242348860421386, 2.189302770546647}, 1e-6));
  CHECK_THAT(result.gradient, AllClose({0.16666666666666664, -0.83333333333333322, 0.1111111111111111,
                                        -0.58333333333333332, 0.41666666666666668, -2.5833333333333335},
                                       1e-6));
  CHECK_THAT(result.label_gradient, AllClose({1.3217558399823194, 2.0149030205422647, 0.5108256237659907,
                                              3.1780538303479456, 0.18232155679395462, 2.079441541679836},
                                             1e-6));
}

TEST_CASE("categorical_cross_entropy clips at epsilon and 1 - epsilon, before or after it normalises",
          "[losses][categorical_cross_entropy]") {
  // 0 lies below the interval, and 3 above it until it is normalised.
  const auto of_class = [](int y, Normalization normalization) {
    return result_of<double>({0.4, 0, 3}, [=](auto p) {
      return categorical_cross_entropy(p, y, {.normalization = normalization});
    });
  };
  const auto before = [&](int y) { return of_class(y, Normalization::before_clipping); };
  CHECK_THAT(before(0).loss, AllClose({2.1400661634962707}, 1e-15));
  CHECK_THAT(before(0).gradient,
             AllClose({-2.2058823529411763, 0.29411764705882353, 0.29411764705882353}, 1e-15));
  CHECK_THAT(before(1).loss, AllClose({16.11809565095832}, 1e-15));
  CHECK_THAT(before(1).gradient, AllClose({0, 0, 0}, 0));
  CHECK_THAT(before(2).gradient,
             AllClose({0.29411764705882353, 0.29411764705882353, -0.039215686274509806}, 1e-15));
  const auto after = [&](int y) { return of_class(y, Normalization::after_clipping); };
  CHECK_THAT(after(0).loss, AllClose({1.252762968495368}, 1e-15));
  CHECK_THAT(after(0).gradient, AllClose({-1.7857142857142856, 0, 0}, 1e-15));
  CHECK_THAT(after(1).loss, AllClose({16.454567887579533}, 1e-15));
  CHECK_THAT(after(1).gradient, AllClose({0.71428571428571425, 0, 0}, 1e-15));
  CHECK_THAT(after(2).loss, AllClose({0.33647233662121793}, 1e-15));
}

TEST_CASE("categorical_cross_entropy of a probability near 1 loses nothing to cancellation",
          "[losses][categorical_cross_entropy][exactness]") {
  const auto normalization = GENERATE(Normalization::before_clipping, Normalization::after_clipping);
  const auto of_class = [=](int y) {
    return [=](auto p) {
      return categorical_cross_entropy(p, y, {.epsilon = 0, .normalization = normalization});
    };
  };
  const auto first = result_of<double>({1 - 1e-9, 6e-10, 4e-10}, of_class(0));
  CHECK_THAT(first.loss, AllClose({1.0000000005e-9}, ulps<double>(4)));
  CHECK_THAT(first.gradient,
             AllClose({-1.000000001e-9, 0.99999999999999997, 0.99999999999999997}, ulps<double>(4)));
  const auto second = result_of<double>({3e-9, 0.75, 2e-9, 5e-10}, of_class(1));
  CHECK_THAT(second.loss, AllClose({7.3333333064444448e-9}, ulps<double>(4)));
  CHECK_THAT(second.gradient,
             AllClose({1.3333333235555556, -9.7777777060740748e-9, 1.3333333235555556, 1.3333333235555556},
                      ulps<double>(4)));
  const auto in_float = result_of<float>({1, 1e-9, 1e-12}, of_class(0));
  CHECK_THAT(in_float.loss, AllClose({1.0009999712130723e-9}, ulps<float>(4)));
  CHECK_THAT(in_float.gradient,
             AllClose({-1.0009999707120718e-9, 0.99999999899900003, 0.99999999899900003}, ulps<float>(4)));
}

TEST_CASE("categorical_cross_entropy gradient agrees with central differences, to labels too",
          "[losses][categorical_cross_entropy][gradient]") {
  const auto normalization = GENERATE(Normalization::before_clipping, Normalization::after_clipping);
  const auto p = irregular({2, 3, 2}, 0.05, 0.9);
  const auto soft = [=](auto x, auto t) {
    return categorical_cross_entropy(x, t,
                                     {.normalization = normalization,
                                      .axis = 1,
                                      .class_weights = std::vector{0.5, 2.0, 3.0},
                                      .label_smoothing = 0.1});
  };
  CHECK_THAT(gradcheck(soft, p, irregular({2, 3, 2}, 0.1, 3)), HasCorrectGradient());
  const auto hard = [=](auto x) {
    return categorical_cross_entropy(x, std::vector{1, 0}, {.normalization = normalization});
  };
  CHECK_THAT(gradcheck(hard, unnormalised), HasCorrectGradient());
}

TEST_CASE("categorical_cross_entropy of one-hot rows is that of their classes",
          "[losses][categorical_cross_entropy]") {
  const auto hard =
      result_of<double>(unnormalised, [](auto p) { return categorical_cross_entropy(p, class_indices); });
  const auto soft = result_of<double>(unnormalised, array({2, 3}, {0, 0, 1, 0, 1, 0}),
                                      [](auto p, auto t) { return categorical_cross_entropy(p, t); });
  CHECK(soft.loss == hard.loss);
  CHECK(soft.gradient == hard.gradient);
}

TEST_CASE("categorical_cross_entropy of softmax is softmax_cross_entropy, where nothing is clipped",
          "[losses][categorical_cross_entropy]") {
  Tape<double> tape;
  const auto logits = tape.variable(irregular({3, 3}));
  auto loss = losses::categorical_cross_entropy(softmax(logits), xt::xarray<int>{2, 0, 1});
  CHECK_THAT(loss.item(),
             WithinRel(losses::softmax_cross_entropy(logits, std::vector{2, 0, 1}).item(), 1e-14));
}

TEST_CASE("categorical_cross_entropy lets NaN through in its own sample only",
          "[losses][categorical_cross_entropy][extremes]") {
  const auto row_is_nan = [](const LossResult& result) {
    CHECK_THAT(result.loss, AllClose({NaN, 0.18232155679395462}, 1e-15));
    CHECK_THAT(
        result.gradient,
        AllClose({NaN, NaN, NaN, 0.41666666666666667, -0.083333333333333332, 0.41666666666666667}, 1e-15));
  };
  for (std::size_t where = 0; where < 3; ++where) {
    auto p = unnormalised;
    p(0, where) = NaN;
    row_is_nan(result_of<double>(p, [](auto x) {
      return categorical_cross_entropy(x, class_indices, {.reduction = Reduction::none});
    }));
  }
  row_is_nan(result_of<double>(unnormalised, array({2, 3}, {0, NaN, 1, 0, 1, 0}), [](auto x, auto t) {
    return categorical_cross_entropy(x, t, {.reduction = Reduction::none});
  }));
  row_is_nan(result_of<double>(unnormalised, [](auto x) {
    return categorical_cross_entropy(
        x, class_indices, {.class_weights = std::vector{1.0, 1.0, NaN}, .reduction = Reduction::none});
  }));
}

TEST_CASE("categorical_cross_entropy leaves out what is masked or ignored, whatever it holds",
          "[losses][categorical_cross_entropy][extremes]") {
  const auto p = array({4, 2}, {NaN, inf, 0, 0, 0.25, 0.75, -1, 5});
  const std::vector<double> loss{0, 0, std::log(4.0), 0}, gradient{0, 0, 0, 0, -3, 1, 0, 0};
  const auto ignored = result_of<double>(p, [](auto x) {
    return categorical_cross_entropy(x, std::vector{-1, -1, 0, -1},
                                     {.ignore_index = -1, .reduction = Reduction::none});
  });
  CHECK_THAT(ignored.loss, AllClose(loss, 1e-15));
  CHECK_THAT(ignored.gradient, AllClose(gradient, 1e-15));
  const auto masked = result_of<double>(p, array({4, 2}, {1, 0, NaN, inf, 1, 0, 1, 0}), [](auto x, auto t) {
    return categorical_cross_entropy(x, t, {.mask = std::vector{0, 0, 1, 0}, .reduction = Reduction::none});
  });
  CHECK_THAT(masked.loss, AllClose(loss, 1e-15));
  CHECK_THAT(masked.gradient, AllClose(gradient, 1e-15));
}

TEST_CASE("categorical_cross_entropy without epsilon takes labels of 0 where the probability is 0",
          "[losses][categorical_cross_entropy][extremes]") {
  const auto with = [](const std::vector<double>& labels) {
    return result_of<double>({0.25, 0.75, 0},
                             [&](auto p) { return categorical_cross_entropy(p, labels, {.epsilon = 0}); });
  };
  CHECK_THAT(with({0.5, 0.5, 0}).loss, AllClose({0.8369882167858358}, 1e-15));
  CHECK_THAT(with({0.5, 0.5, 0}).gradient, AllClose({-1, 1 / 3.0, 1}, 1e-15));
  CHECK_THAT(with({0.5, 0, 0.5}).loss, AllClose({inf}, 0));
  CHECK_THAT(with({0.5, 0, 0.5}).gradient, AllClose({-1, 1, -inf}, 1e-15));
}

TEST_CASE("categorical_cross_entropy of no samples is empty, sums to zero and has no mean",
          "[losses][categorical_cross_entropy][extremes]") {
  const auto loss = [](auto p, Reduction reduction) {
    return categorical_cross_entropy(p, p, {.reduction = reduction});
  };
  check_loss_of_no_samples({0, 3}, loss);
  check_loss_of_no_samples({2, 0, 3}, loss);
}

TEST_CASE("categorical_cross_entropy is the same, bit for bit, on one thread and on two",
          "[losses][categorical_cross_entropy][threads]") {
  check_loss_on_two_threads(
      [](auto x) { return categorical_cross_entropy(softmax(x), std::vector<int>(100000, 1)); });
}
