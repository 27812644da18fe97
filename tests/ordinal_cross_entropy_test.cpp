// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::ordinal_cross_entropy;
using losses::Reduction;

namespace ordinal_cross_entropy_test {
namespace {

const auto scores = array({3}, {0.5, -2, 1.125}), ends = array({3}, {-1, 0.25, 2});
const std::vector<int> classes{2, 0, 1};

// mpmath, 120 digits, from the differences of sigmoids
const std::vector<double> each{0.968239564555142832, 0.313261687518222834, 1.67384642486403605};
const std::vector<double> slopes{-0.255397975307845556, 0.268941421369995121, 0.599094433891360035};

// The label gradient is that of the thresholds.
template <class T>
LossResult with(losses::OrdinalCrossEntropyOptions options, const xt::xarray<double>& x = scores) {
  return result_of<T>(x, ends, [&](auto score, auto thresholds) {
    return ordinal_cross_entropy(score, thresholds, classes, options);
  });
}

}  // namespace

TEMPLATE_TEST_CASE("ordinal_cross_entropy is what differences of sigmoids give in 120 digits",
                   "[losses][ordinal_cross_entropy]", float, double) {
  const auto result = with<TestType>({.reduction = Reduction::none});
  CHECK_THAT(result.loss, AllClose(each, ulps<TestType>(2)));
  CHECK_THAT(result.gradient, AllClose(slopes, ulps<TestType>(2)));
  CHECK_THAT(result.label_gradient,
             AllClose({-0.268941421369995121 + 0.508241712438664071,
                       0.648146015661490938 - 1.10733614633002411, -0.392748040353645382},
                      ulps<TestType>(8)));
  CHECK_THAT(with<TestType>({}).loss, AllClose({0.985115892312467239}, ulps<TestType>(2)));
}

TEST_CASE("ordinal_cross_entropy weighs, leaves out and reduces as its options say",
          "[losses][ordinal_cross_entropy][options]") {
  const auto near = [](double expected) { return AllClose({expected}, 1e-15); };
  const std::vector<double> class_weights{0.5, 1, 2, 7}, sample_weights{1, 4, 0.25};
  CHECK_THAT(with<double>({.class_weights = class_weights, .reduction = Reduction::sum}).loss,
             near(2 * each[0] + 0.5 * each[1] + each[2]));
  CHECK_THAT(with<double>({.sample_weights = sample_weights, .reduction = Reduction::sum}).loss,
             near(each[0] + 4 * each[1] + 0.25 * each[2]));
  CHECK_THAT(with<double>({.mask = std::vector{true, false, true}}).loss, near((each[0] + each[2]) / 2));
  CHECK_THAT(with<double>({.ignore_index = 2}).loss, near((each[1] + each[2]) / 2));
  CHECK_THAT(with<double>({.class_weights = class_weights,
                           .reduction = Reduction::mean_by(losses::Divisor::sum_of_target_class_weights)})
                 .loss,
             near((2 * each[0] + 0.5 * each[1] + each[2]) / 3.5));
  const auto gradient = with<double>({.class_weights = class_weights, .ignore_index = 1}).gradient;
  CHECK_THAT(gradient, AllClose({slopes[0], 0.25 * slopes[1], 0}, 1e-15));
}

TEST_CASE("ordinal_cross_entropy leaves out what is masked, whatever it holds",
          "[losses][ordinal_cross_entropy][extremes]") {
  const auto result = with<double>({.mask = std::vector{false, true, false}}, array({3}, {NaN, -2, inf}));
  CHECK_THAT(result.loss, AllClose({each[1]}, 1e-15));
  CHECK_THAT(result.gradient, AllClose({0, slopes[1], 0}, 1e-15));
  CHECK_THAT(result.label_gradient, AllClose({-slopes[1], 0, 0}, 1e-15));
}

TEST_CASE("ordinal_cross_entropy lets NaN through in its own element only",
          "[losses][ordinal_cross_entropy][extremes]") {
  const auto result = with<double>({.reduction = Reduction::none}, array({3}, {NaN, -2, NaN}));
  CHECK_THAT(result.loss, AllClose({NaN, each[1], NaN}, 1e-15));
  CHECK_THAT(result.gradient, AllClose({NaN, slopes[1], NaN}, 1e-15));
}

TEST_CASE("ordinal_cross_entropy of no samples is empty, sums to zero and has no mean",
          "[losses][ordinal_cross_entropy][extremes]") {
  check_loss_of_no_samples({0, 3}, [](auto x, Reduction reduction) {
    return ordinal_cross_entropy(x, x.tape().constant(ends), xt::zeros<int>({0, 3}),
                                 {.reduction = reduction});
  });
}

TEST_CASE("ordinal_cross_entropy gradient agrees with central differences, to thresholds too",
          "[losses][ordinal_cross_entropy][gradient]") {
  const auto loss = [](auto x, auto thresholds) {
    return ordinal_cross_entropy(x, thresholds, xt::xarray<int>{{0, 1, 2}, {3, 2, -1}},
                                 {.class_weights = std::vector{0.5, 2.0, 3.0, 1.0}, .ignore_index = -1});
  };
  CHECK_THAT(gradcheck(loss, irregular({2, 3}), ends), HasCorrectGradient());
}

TEST_CASE("ordinal_cross_entropy is the same, bit for bit, on one thread and on two",
          "[losses][ordinal_cross_entropy][threads]") {
  xt::xarray<int> many = xt::zeros<int>({100000, 3});
  for (std::size_t i = 0; i < many.size(); ++i) many.flat(i) = static_cast<int>(i % 4);
  check_loss_on_two_threads([&](auto x) { return ordinal_cross_entropy(x, x.tape().constant(ends), many); });
}

TEST_CASE("ordinal_cross_entropy names itself in what it refuses",
          "[losses][ordinal_cross_entropy][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(scores), rising = tape.variable(ends),
             falling = tape.variable(array({2}, {1, 0}));
  CHECK(refusal<ValueError>(tape, [&] { ordinal_cross_entropy(x, falling, classes); }) ==
        "ordinal_cross_entropy: thresholds must rise, got 1 at thresholds[0] and 0 at thresholds[1]; "
        "nn::Ordinal "
        "keeps them apart");
  CHECK(refusal<ShapeError>(tape,
                            [&] {
                              ordinal_cross_entropy(x, rising, std::vector{1, 2});
                            }) ==
        "ordinal_cross_entropy: class_indices must have one entry per sample of log_probabilities (3, 4), "
        "shape "
        "(3), got (2)");
  CHECK(refusal<LabelError>(tape,
                            [&] {
                              ordinal_cross_entropy(x, rising, std::vector{0, 4, 1});
                            }) ==
        "ordinal_cross_entropy: class_indices[1] is 4, but log_probabilities (3, 4) has classes 0 to 3; to "
        "skip "
        "such samples set ignore_index = 4");
  CHECK(refusal<WeightsShapeError>(tape, [&] {
          ordinal_cross_entropy(x, rising, classes, {.class_weights = std::vector{1, 2}});
        }) == "ordinal_cross_entropy: class_weights must have one entry per class, shape (4), got (2)");
}

TEST_CASE("ordinal_cross_entropy is called as its documentation shows", "[losses][ordinal_cross_entropy]") {
  Tape<double> tape;
  nn::Ordinal<double> ordinal(3);
  const auto scores = tape.variable(std::vector{0.0, 0.0, 0.0});
  auto loss = losses::ordinal_cross_entropy(scores, ordinal.thresholds(tape), xt::xarray<int>{0, 2, 1});
  // The thresholds are -1/2 and 1/2.
  const double low = 1 / (1 + std::exp(0.5));
  CHECK_THAT(loss.item(), WithinRel((-2 * std::log(low) - std::log(1 - 2 * low)) / 3, 1e-15));
}

}  // namespace ordinal_cross_entropy_test
