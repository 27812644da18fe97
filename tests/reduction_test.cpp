// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
namespace losses = xtape::losses;
using losses::Divisor;
using losses::EmptyMean;
using losses::Reduction;

namespace {

const auto log_probabilities = array({4, 2}, {-1, -9, -9, -2, -3, -9, -9, -4});

// Of four samples with the losses 1 to 4 before the options, of which the third has a weight of 0.
LossResult mean_by(Divisor divisor, losses::NllOptions options = {}) {
  options.sample_weights = std::vector<double>{0.5, 2, 0, 4};
  options.reduction = Reduction::mean_by(divisor);
  return result_of<double>(log_probabilities, [&](auto x) {
    return losses::nll(x, std::vector{0, 1, 0, 1}, options);
  });
}

}  // namespace

TEST_CASE("a mean divides by what its divisor says", "[losses][reduction]") {
  // The weighted losses are 0.5, 4, 0 and 16.
  CHECK_THAT(mean_by(Divisor::elements).loss, AllClose({20.5 / 4}, 0));
  CHECK_THAT(mean_by(Divisor::valid_elements).loss, AllClose({20.5 / 4}, 0));
  CHECK_THAT(mean_by(Divisor::sum_of_weights).loss, AllClose({20.5 / 6.5}, 1e-15));
  CHECK_THAT(mean_by(Divisor::sum_of_unbroadcast_weights).loss, AllClose({20.5 / 6.5}, 1e-15));
  CHECK_THAT(mean_by(Divisor::nonzero_weights).loss, AllClose({20.5 / 3}, 1e-15));
  CHECK_THAT(mean_by(Divisor::sum_of_target_class_weights).loss, AllClose({20.5 / 6.5}, 1e-15));
}

TEST_CASE("a divisor is a constant for the gradient", "[losses][reduction]") {
  CHECK_THAT(mean_by(Divisor::elements).gradient, AllClose({-0.125, 0, 0, -0.5, 0, 0, 0, -1}, 0));
  CHECK_THAT(mean_by(Divisor::sum_of_weights).gradient,
             AllClose({-0.5 / 6.5, 0, 0, -2 / 6.5, 0, 0, 0, -4 / 6.5}, 1e-15));
}

TEST_CASE("a mean counts what is masked or ignored among the elements only", "[losses][reduction]") {
  // The second is left out: 0.5, 0 and 16 remain.
  const auto with = [](Divisor divisor, bool by_mask) {
    losses::NllOptions options{.class_weights = std::vector{1, 10}};
    const std::vector<bool> mask{true, false, true, true};
    if (by_mask) options.mask = mask;
    options.sample_weights = std::vector<double>{0.5, 2, 0, 4};
    options.ignore_index = -1;
    options.reduction = Reduction::mean_by(divisor);
    return result_of<double>(log_probabilities,
                             [&](auto x) {
                               return losses::nll(x, std::vector{0, by_mask ? 1 : -1, 0, 1}, options);
                             })
        .loss;
  };
  for (const bool by_mask : {true, false}) {
    CAPTURE(by_mask);
    CHECK_THAT(with(Divisor::elements, by_mask), AllClose({160.5 / 4}, 0));
    CHECK_THAT(with(Divisor::valid_elements, by_mask), AllClose({160.5 / 3}, 0));
    CHECK_THAT(with(Divisor::sum_of_weights, by_mask), AllClose({160.5 / 4.5}, 1e-15));
    CHECK_THAT(with(Divisor::sum_of_unbroadcast_weights, by_mask), AllClose({160.5 / 4.5}, 1e-15));
    CHECK_THAT(with(Divisor::nonzero_weights, by_mask), AllClose({160.5 / 2}, 0));
    CHECK_THAT(with(Divisor::sum_of_target_class_weights, by_mask), AllClose({160.5 / 40.5}, 1e-15));
  }
}

TEST_CASE("a sample without a class left under the class mask is no valid element", "[losses][reduction]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::zeros<double>({2, 2}));
  const auto class_mask = array({2, 2}, {1, 1, 0, 0}) > 0.5;
  const auto mean = [&](Divisor divisor) {
    return losses::softmax_cross_entropy(x, std::vector{0, 0},
                                         {.class_mask = class_mask, .reduction = Reduction::mean_by(divisor)})
        .item();
  };
  CHECK_THAT(mean(Divisor::elements), WithinRel(std::log(2.0) / 2, 1e-15));
  CHECK_THAT(mean(Divisor::valid_elements), WithinRel(std::log(2.0), 1e-15));
}

TEST_CASE("the sum of weights counts each as often as it is broadcast, or once as it was given",
          "[losses][reduction]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::ones<double>({2, 3}));
  const auto mean = [&](losses::Weights weights, Divisor divisor, losses::Mask mask = {}) {
    return losses::reduce(x,
                          {.sample_weights = weights, .mask = mask, .reduction = Reduction::mean_by(divisor)})
        .item();
  };
  CHECK(mean(array({2, 1}, {1, 3}), Divisor::sum_of_weights) == 1);
  CHECK(mean(array({2, 1}, {1, 3}), Divisor::sum_of_unbroadcast_weights) == 3);
  CHECK(mean(2, Divisor::sum_of_weights) == 1);
  CHECK(mean(2, Divisor::sum_of_unbroadcast_weights) == 6);
  // A mask has its own shape, and they follow it.
  CHECK(mean(2, Divisor::sum_of_unbroadcast_weights, array({2, 1}, {1, 0}) > 0.5) == 1);
}

TEST_CASE("negative weights are weights that are not 0", "[losses][reduction]") {
  Tape<double> tape;
  const auto x = tape.variable(std::vector{1, 2, 6});
  const auto mean = [&](Divisor divisor) {
    return losses::reduce(x,
                          {.sample_weights = std::vector{4, -1, 0}, .reduction = Reduction::mean_by(divisor)})
        .item();
  };
  CHECK(mean(Divisor::nonzero_weights) == 1);
  CHECK_THAT(mean(Divisor::sum_of_weights), WithinRel(2 / 3.0, 1e-15));
}

TEST_CASE("weights as they were given add up also where there are no losses", "[losses][reduction]") {
  Tape<double> tape;
  const auto mean = [&](losses::Weights weights) {
    return losses::reduce(tape.variable(irregular({0})),
                          {.sample_weights = weights,
                           .reduction = Reduction::mean_by(Divisor::sum_of_unbroadcast_weights)})
        .item();
  };
  CHECK(mean(2) == 0);
  CHECK(std::isnan(mean({})));
}

TEST_CASE("weights that are not given count 1 each", "[losses][reduction]") {
  Tape<double> tape;
  const auto x = tape.variable(std::vector{1, 2, 6});
  for (const Divisor divisor : {Divisor::elements, Divisor::valid_elements, Divisor::sum_of_weights,
                                Divisor::sum_of_unbroadcast_weights, Divisor::nonzero_weights}) {
    CHECK(losses::reduce(x, {.reduction = Reduction::mean_by(divisor)}).item() == 3);
  }
}

TEST_CASE("the class weights of soft labels are weighed by the labels", "[losses][reduction]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::zeros<double>({2, 2}));
  const auto loss =
      losses::softmax_cross_entropy(x, array({2, 2}, {0.5, 0.5, 1, 0}),
                                    {.class_weights = std::vector{2, 6},
                                     .reduction = Reduction::mean_by(Divisor::sum_of_target_class_weights)});
  // (4 + 2) log(2) / (4 + 2)
  CHECK_THAT(loss.item(), WithinRel(std::log(2.0), 1e-15));
}

TEST_CASE("an empty mean is NaN, 0 or an error, as it is told", "[losses][reduction]") {
  const auto divisor = GENERATE(Divisor::valid_elements, Divisor::sum_of_weights,
                                Divisor::sum_of_unbroadcast_weights, Divisor::nonzero_weights);
  const auto of = [=](EmptyMean empty) {
    return result_of<double>({1, 2}, [=](auto x) {
      return losses::reduce(
          x, {.sample_weights = 0, .mask = false, .reduction = Reduction::mean_by(divisor, empty)});
    });
  };
  CHECK_THAT(of(EmptyMean::nan).loss, AllClose({NaN}, 0));
  CHECK_THAT(of(EmptyMean::zero).loss, AllClose({0}, 0));
  CHECK_THAT(of(EmptyMean::zero).gradient, AllClose({0, 0}, 0));
  CHECK_THROWS_AS(of(EmptyMean::error), ArgumentError);
}

TEST_CASE("a divisor that is a number makes parts of a batch add up to its mean", "[losses][reduction]") {
  const auto part = [](const std::vector<double>& x) {
    return result_of<double>(array({x.size()}, x),
                             [](auto l) { return losses::reduce(l, {.reduction = Reduction::mean_by(4)}); });
  };
  CHECK(part({1, 2, 3}).loss[0] + part({10}).loss[0] == part({1, 2, 3, 10}).loss[0]);
  CHECK_THAT(part({10}).gradient, AllClose({0.25}, 0));
  CHECK(part({}).loss[0] == 0);
}

TEST_CASE("reductions are constants that tell what they are, as their documentation shows",
          "[losses][reduction]") {
  STATIC_REQUIRE(Reduction::none.kind() == Reduction::Kind::none);
  STATIC_REQUIRE(Reduction::sum.kind() == Reduction::Kind::sum);
  STATIC_REQUIRE(Reduction::mean.kind() == Reduction::Kind::mean);
  STATIC_REQUIRE(Reduction::mean.divisor() == Divisor::valid_elements);
  STATIC_REQUIRE(Reduction::mean.empty() == EmptyMean::nan);
  const losses::ReduceOptions each{.reduction = Reduction::none};
  CHECK(each.reduction.kind() == Reduction::Kind::none);
  const losses::ReduceOptions weighted{.reduction =
                                           Reduction::mean_by(Divisor::sum_of_weights, EmptyMean::zero)};
  CHECK(weighted.reduction.divisor() == Divisor::sum_of_weights);
  CHECK(weighted.reduction.empty() == EmptyMean::zero);
  const losses::ReduceOptions accumulated{.reduction = Reduction::mean_by(4096)};
  CHECK(accumulated.reduction.kind() == Reduction::Kind::sum_over_number);
  CHECK(accumulated.reduction.number() == 4096);
}

TEST_CASE("EmptyMean::zero is 0 with gradients of 0, also where a loss that weighs nothing is infinite",
          "[losses][reduction]") {
  Tape<double> tape;
  const auto x = tape.variable(array({1, 2}, {0, -inf}));
  const auto loss = losses::softmax_cross_entropy(
      x, std::vector<int>{1},
      {.sample_weights = 0, .reduction = Reduction::mean_by(Divisor::sum_of_weights, EmptyMean::zero)});
  CHECK(loss.item() == 0);
  loss.backward();
  CHECK_THAT(values(x.grad()), AllClose({0, 0}, 0));
}

TEMPLATE_TEST_CASE("A mean over weights that add up to 0 is infinite, and so are its slopes",
                   "[losses][reduction]", float, double) {
  const auto result = result_of<TestType>(array({1, 2}, {0.5, 1}), [](auto x) {
    return losses::softmax_cross_entropy(
        x, std::vector<int>{0},
        {.class_weights = std::vector{0.0, 1.0},
         .label_smoothing = 0.5,
         .reduction = Reduction::mean_by(Divisor::sum_of_target_class_weights)});
  });
  CHECK(result.loss[0] == inf);
  CHECK_THAT(result.gradient, AllClose({inf, -inf}, 0));
}
