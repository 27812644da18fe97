// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::binary_cross_entropy;
using losses::LogGuard;
using losses::Reduction;

namespace binary_cross_entropy_test {
namespace {

const std::vector<LogGuard> guards{LogGuard::clip_probability, LogGuard::clamp_logarithm,
                                   LogGuard::add_epsilon};

const auto probabilities = array({2, 3}, {0.9, 0.2, 0.6, 0.5, 0.05, 0.3});
const auto labels = array({2, 3}, {1, 0, 0.25, 0, 1, 0.9});

template <class T>
LossResult each_of(const std::vector<double>& p, const std::vector<double>& t,
                   losses::BinaryCrossEntropyOptions options) {
  options.reduction = Reduction::none;
  return result_of<T>(array({p.size()}, p), array({t.size()}, t),
                      [&](auto x, auto z) { return binary_cross_entropy(x, z, options); });
}

}  // namespace

TEMPLATE_TEST_CASE("binary_cross_entropy is what PyTorch computes in float64",
                   "[losses][binary_cross_entropy]", float, double) {
  for (const LogGuard guard : {LogGuard::clip_probability, LogGuard::clamp_logarithm}) {
    const auto each = result_of<TestType>(probabilities, [=](auto p) {
      return binary_cross_entropy(p, labels, {.guard = guard, .reduction = Reduction::none});
    });
    CHECK_THAT(each.loss, AllClose({0.10536051565782628, 0.2231435513142097, 0.814924454847114,
                                    0.6931471805599453, 2.995732273553991, 1.1192430182872157},
                                   1e-6));
    CHECK_THAT(each.gradient, AllClose({-1.1111111111111112, 1.2499999999999998, 1.4583333333333333, 2, -20,
                                        -2.8571428571428577},
                                       1e-6));
    const auto weighted_mean = result_of<TestType>(probabilities, [=](auto p) {
      return binary_cross_entropy(p, labels, {.guard = guard, .class_weights = std::vector{0.5, 2.0, 3.0}});
    });
    CHECK_THAT(weighted_mean.loss, AllClose({2.1065846528747127}, 1e-6));
    CHECK_THAT(weighted_mean.gradient,
               AllClose({-0.0925925925925926, 0.4166666666666666, 0.7291666666666666, 0.16666666666666666,
                         -6.666666666666667, -1.4285714285714288},
                        1e-6));
  }
}

TEMPLATE_TEST_CASE("binary_cross_entropy with a weight of label 1 is what 120 digits give, to labels too",
                   "[losses][binary_cross_entropy]", float, double) {
  const auto result = each_of<TestType>({0.9, 0.2, 0.6}, {1, 0, 0.25}, {.pos_weight = 3});
  CHECK_THAT(result.loss, AllClose({0.31608154697347883, 0.22314355131420977, 1.0703372667301093}, 1e-6));
  CHECK_THAT(result.gradient, AllClose({-3.3333333333333333, 1.25, 0.62499999999999985}, 1e-6));
  CHECK_THAT(result.label_gradient,
             AllClose({-1.9865035460205671, 4.6051701859880912, 0.61618613942381715}, 1e-6));
}

TEST_CASE("binary_cross_entropy with clamped logarithms is what PyTorch computes at 0 and 1",
          "[losses][binary_cross_entropy]") {
  const auto result =
      each_of<double>({0, 1, 0, 1, 1e-20, 1e-50}, {0, 1, 1, 0, 1, 1}, {.guard = LogGuard::clamp_logarithm});
  CHECK_THAT(result.loss, AllClose({0, 0, 100, 100, 46.051701859880914, 100}, 1e-15));
  // Its 1e-12 is that of float, 4e-9 smaller.
  CHECK_THAT(result.gradient, AllClose({0, 0, -1000000003995.8029, 1000000003995.8029, -1000000003995.8029,
                                        -1000000003995.8029},
                                       1e-8));
}

TEST_CASE("binary_cross_entropy clips in the precision of the prediction, and stops the gradient there",
          "[losses][binary_cross_entropy]") {
  const std::vector<double> p{0, 1, 1e-8, 1}, t{1, 0, 1, 1};
  const auto in_double = each_of<double>(p, t, {});
  CHECK_THAT(
      in_double.loss,
      AllClose({16.11809565095832, 16.118095651484676, 16.11809565095832, 1.0000000494736474e-07}, 1e-8));
  CHECK_THAT(in_double.gradient, AllClose({0, 0, 0, 0}, 0));
  // 1 - 1e-7 is 1 - 1.19e-7 in float.
  const auto in_float = each_of<float>(p, t, {});
  CHECK_THAT(in_float.loss,
             AllClose({16.118095639272222, 15.942385152878742, 16.118095639272222, 1.1920929665620834e-07},
                      ulps<float>(4)));
  CHECK_THAT(in_float.gradient, AllClose({0, 0, 0, 0}, 0));
}

TEMPLATE_TEST_CASE("binary_cross_entropy with epsilon added is the log_loss that 120 digits give",
                   "[losses][binary_cross_entropy]", float, double) {
  const auto result =
      each_of<TestType>({0.9, 0.2, 0.6, 0, 1}, {1, 0, 0.25, 1, 0}, {.guard = LogGuard::add_epsilon});
  CHECK_THAT(result.loss, AllClose({0.10536040454672134, 0.22314342631421758, 0.81492422568047418,
                                    16.11809565095832, 16.11809565095832},
                                   1e-6));
  CHECK_THAT(result.gradient,
             AllClose({-1.1111109876543347, 1.2499998437500195, 1.4583329340278833, -1e7, 1e7}, 1e-6));
  CHECK_THAT(result.label_gradient, AllClose({-2.1972236884478246, 1.3862939861200077, -0.40546502477484832,
                                              16.118095750958315, -16.118095750958315},
                                             1e-6));
}

TEST_CASE("binary_cross_entropy whose guard does nothing keeps relative precision beside 0 and 1",
          "[losses][binary_cross_entropy][exactness]") {
  const LogGuard guard = GENERATE(from_range(guards));
  const losses::BinaryCrossEntropyOptions options{.guard = guard, .epsilon = 0};
  // 1 - 2^-40 and 1 - 2^-24
  const auto in_double = each_of<double>({1e-12, 1e-30, 0.9999999999990905, 1e-9}, {0, 0, 1, 0.5}, options);
  CHECK_THAT(
      in_double.loss,
      AllClose({1.0000000000005e-12, 1e-30, 9.0949470177334183e-13, 10.361632918973206}, ulps<double>(4)));
  const auto in_float = each_of<float>({1e-12, 1e-30, 0.9999999403953552}, {0, 0, 1}, options);
  CHECK_THAT(in_float.loss, AllClose({9.999999960046972e-13, 1.0000000031710769e-30, 5.9604646551747535e-8},
                                     ulps<float>(4)));
}

TEST_CASE("binary_cross_entropy without a guard is infinite for what is wrong and impossible",
          "[losses][binary_cross_entropy][extremes]") {
  const LogGuard guard = GENERATE(LogGuard::clip_probability, LogGuard::add_epsilon);
  const auto result = each_of<double>({0, 1, 0, 1}, {0, 1, 1, 0}, {.guard = guard, .epsilon = 0});
  CHECK_THAT(result.loss, AllClose({0, 0, inf, inf}, 0));
  CHECK_THAT(result.gradient, AllClose({1, -1, -inf, inf}, 0));
}

TEST_CASE("binary_cross_entropy gradient agrees with central differences under every guard, to labels too",
          "[losses][binary_cross_entropy][gradient]") {
  const LogGuard guard = GENERATE(from_range(guards));
  const auto loss = [=](auto p, auto t) {
    return binary_cross_entropy(p, t,
                                {.guard = guard,
                                 .axis = 0,
                                 .class_weights = std::vector{0.5, 2.0, 3.0},
                                 .pos_weight = std::vector{3, 1, 2},
                                 .label_smoothing = 0.1,
                                 .smoothing_prior = 0.25});
  };
  CHECK_THAT(gradcheck(loss, probabilities, irregular({2, 3}, 0.1, 0.9)), HasCorrectGradient());
}

TEST_CASE("binary_cross_entropy of the sigmoid is sigmoid_cross_entropy, where no guard acts",
          "[losses][binary_cross_entropy]") {
  Tape<double> tape;
  const auto logits = tape.variable(irregular({2, 3}));
  auto loss = losses::binary_cross_entropy(sigmoid(logits), labels);
  CHECK_THAT(loss.item(), WithinRel(losses::sigmoid_cross_entropy(logits, labels).item(), 1e-14));
}

TEST_CASE("binary_cross_entropy lets NaN through in its own element only",
          "[losses][binary_cross_entropy][extremes]") {
  const LogGuard guard = GENERATE(from_range(guards));
  const auto nan_first = [](const LossResult& result) {
    CHECK(std::isnan(result.loss[0]));
    CHECK(std::isnan(result.gradient[0]));
    CHECK_THAT(result.loss[1], WithinRel(0.2231435513142097, 1e-6));
    CHECK_THAT(result.gradient[1], WithinRel(1.25, 1e-6));
  };
  nan_first(each_of<double>({NaN, 0.2}, {0, 0}, {.guard = guard}));
  nan_first(each_of<double>({NaN, 0.2}, {1, 0}, {.guard = guard}));
  nan_first(each_of<double>({0.5, 0.2}, {NaN, 0}, {.guard = guard}));
  nan_first(each_of<double>({0.5, 0.2}, {1, 0}, {.guard = guard, .class_weights = std::vector{NaN, 1.0}}));
  nan_first(each_of<double>({0.5, 0.2}, {1, 0}, {.guard = guard, .sample_weights = std::vector{NaN, 1.0}}));
  nan_first(each_of<double>({0.5, 0.2}, {1, 0}, {.guard = guard, .pos_weight = std::vector{NaN, 1.0}}));
}

TEST_CASE("binary_cross_entropy with an infinite weight of label 1 is finite where there is none",
          "[losses][binary_cross_entropy][extremes]") {
  const LogGuard guard = GENERATE(from_range(guards));
  const auto result = each_of<double>({0.2, 0.2}, {0, 1}, {.guard = guard, .pos_weight = inf});
  CHECK_THAT(result.loss, AllClose({0.2231435513142097, inf}, 1e-6));
  CHECK_THAT(result.gradient, AllClose({1.25, -inf}, 1e-6));
}

TEST_CASE("binary_cross_entropy leaves out what is masked, whatever it holds",
          "[losses][binary_cross_entropy][extremes]") {
  const LogGuard guard = GENERATE(from_range(guards));
  const auto result = each_of<double>({NaN, 0.2, inf, -3}, {1, 0, 1, NaN},
                                      {.guard = guard, .mask = std::vector{false, true, false, false}});
  CHECK_THAT(result.loss, AllClose({0, 0.2231435513142097, 0, 0}, 1e-6));
  CHECK_THAT(result.gradient, AllClose({0, 1.25, 0, 0}, 1e-6));
  CHECK_THAT(result.label_gradient, AllClose({0, 1.3862943611198905, 0, 0}, 1e-6));
}

TEST_CASE("binary_cross_entropy of no samples is empty, sums to zero and has no mean",
          "[losses][binary_cross_entropy][extremes]") {
  check_loss_of_no_samples({0, 3}, [](auto p, Reduction reduction) {
    return binary_cross_entropy(p, p, {.reduction = reduction});
  });
  check_loss_of_no_samples({2, 0, 3}, [](auto p, Reduction reduction) {
    return binary_cross_entropy(p, p, {.axis = -1, .reduction = reduction});
  });
}

TEST_CASE("binary_cross_entropy is the same, bit for bit, on one thread and on two",
          "[losses][binary_cross_entropy][threads]") {
  check_loss_on_two_threads([](auto x) { return binary_cross_entropy(sigmoid(x), sigmoid(-x)); });
}

TEST_CASE("binary_cross_entropy with an added epsilon keeps relative precision near 0 and near 1",
          "[losses][binary_cross_entropy][exactness]") {
  // log(1 - 2^-30 + 2^-50) = -d - d^2 / 2 - ... with d = 2^-30 - 2^-50
  Tape<double> tape;
  const double small = std::ldexp(1, -30), added = std::ldexp(1, -50), d = small - added;
  const auto loss = [&](double p, int label) {
    return losses::binary_cross_entropy(tape.constant(p), label,
                                        {.guard = losses::LogGuard::add_epsilon, .epsilon = added})
        .item();
  };
  CHECK_THAT(loss(1 - small, 1), WithinRel(d + d * d / 2, ulps<double>(1)));
  CHECK_THAT(loss(small, 0), WithinRel(d + d * d / 2, ulps<double>(1)));
}

}  // namespace binary_cross_entropy_test
