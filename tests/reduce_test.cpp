// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Divisor;
using losses::reduce;
using losses::Reduction;

namespace {

const auto six = array({2, 3}, {1, 2, 3, 4, 5, 6});

template <class T = double>
LossResult reduced(const xt::xarray<double>& losses, const losses::ReduceOptions& options) {
  return result_of<T>(losses, [&](auto x) { return reduce(x, options); });
}

}  // namespace

TEST_CASE("reduce without options is the mean", "[losses][reduce]") {
  const auto result = reduced(six, {});
  CHECK_THAT(result.loss, AllClose({3.5}, 0));
  CHECK_THAT(result.gradient, AllClose(std::vector<double>(6, 1 / 6.0), 1e-15));
}

TEST_CASE("reduce weighs each loss by a number, or by weights of its rank that broadcast",
          "[losses][reduce]") {
  const auto sum_of = [](losses::Weights weights) {
    return reduced(six, {.sample_weights = weights, .reduction = Reduction::sum});
  };
  CHECK_THAT(sum_of(2).loss, AllClose({42}, 0));
  CHECK_THAT(sum_of(array({2, 1}, {1, 10})).loss, AllClose({156}, 0));
  CHECK_THAT(sum_of(array({2, 1}, {1, 10})).gradient, AllClose({1, 1, 1, 10, 10, 10}, 0));
  CHECK_THAT(sum_of(array({1, 3}, {1, 10, 100})).loss, AllClose({975}, 0));
  CHECK_THAT(sum_of(array({1, 3}, {1, 10, 100})).gradient, AllClose({1, 10, 100, 1, 10, 100}, 0));
  CHECK_THAT(sum_of(array({2, 3}, {1, 0, 0, 0, 0, -1})).loss, AllClose({-5}, 0));
  CHECK_THAT(reduced(six, {.sample_weights = array({2, 1}, {1, 10}), .reduction = Reduction::none}).loss,
             AllClose({1, 2, 3, 40, 50, 60}, 0));
}

TEST_CASE("reduce gives what compute_weighted_loss does under each of its reductions", "[losses][reduce]") {
  // By hand: the weighted sum is 11.
  const auto by = [](Divisor divisor) {
    return reduced(array({3}, {1, 2, 3}),
                   {.sample_weights = std::vector{0, 1, 3}, .reduction = Reduction::mean_by(divisor)});
  };
  CHECK_THAT(by(Divisor::nonzero_weights).loss, AllClose({5.5}, 0));
  CHECK_THAT(by(Divisor::nonzero_weights).gradient, AllClose({0, 0.5, 1.5}, 0));
  CHECK_THAT(by(Divisor::sum_of_weights).loss, AllClose({2.75}, 0));
  CHECK_THAT(by(Divisor::sum_of_weights).gradient, AllClose({0, 0.25, 0.75}, 0));
  CHECK_THAT(by(Divisor::elements).loss, AllClose({11 / 3.0}, 1e-15));
}

TEST_CASE("reduce leaves out masked losses, whatever they hold, and their weights", "[losses][reduce]") {
  const auto result = reduced(
      array({4}, {NaN, 2, inf, 6}),
      {.sample_weights = std::vector{1.0, 3.0, NaN, 1.0}, .mask = std::vector{false, true, false, true}});
  CHECK_THAT(result.loss, AllClose({6}, 0));
  CHECK_THAT(result.gradient, AllClose({0, 1.5, 0, 0.5}, 0));
}

TEST_CASE("reduce lets NaN in a loss or a weight through", "[losses][reduce][extremes]") {
  CHECK_THAT(reduced(array({2}, {NaN, 1}), {}).loss, AllClose({NaN}, 0));
  CHECK_THAT(reduced(array({2}, {NaN, 1}), {.reduction = Reduction::none}).loss, AllClose({NaN, 1}, 0));
  const auto weighted =
      reduced(array({2}, {1, 1}), {.sample_weights = std::vector{NaN, 2.0}, .reduction = Reduction::sum});
  CHECK_THAT(weighted.loss, AllClose({NaN}, 0));
  CHECK_THAT(weighted.gradient, AllClose({NaN, 2}, 0));
}

TEST_CASE("reduce adds floats in double and rounds once", "[losses][reduce][exactness]") {
  CHECK_THAT(reduced<float>(array({3}, {1e8, 1, -1e8}), {.reduction = Reduction::sum}).loss,
             AllClose({1}, 0));
  CHECK_THAT(reduced<double>(array({3}, {1e16, 1, -1e16}), {.reduction = Reduction::sum}).loss,
             AllClose({1}, 0));
  // 0.1 in float, times 3, in double
  CHECK_THAT(reduced<float>(array({1}, {0.1}), {.sample_weights = 3}).loss,
             AllClose({0.30000001192092896}, 0));
}

TEST_CASE("reduce takes a single loss", "[losses][reduce]") {
  Tape<double> tape;
  const auto x = tape.variable(5.0);
  CHECK(reduce(x).item() == 5);
  CHECK(reduce(x, {.sample_weights = 3, .reduction = Reduction::none}).item() == 15);
}

TEST_CASE("reduce gradient agrees with central differences", "[losses][reduce][gradient]") {
  for (const Reduction reduction :
       {Reduction::none, Reduction::sum, Reduction::mean, Reduction::mean_by(Divisor::sum_of_weights)}) {
    const auto loss = [=](auto x) {
      return reduce(square(x), {.sample_weights = array({2, 1}, {0.5, -3}),
                                .mask = array({1, 3}, {1, 0, 1}) > 0.5,
                                .reduction = reduction});
    };
    CHECK_THAT(gradcheck(loss, six), HasCorrectGradient());
  }
}

TEST_CASE("reduce of no losses is empty, sums to zero and has no mean", "[losses][reduce][extremes]") {
  const auto loss = [](auto x, Reduction reduction) { return reduce(x, {.reduction = reduction}); };
  check_loss_of_no_samples({0}, loss);
  check_loss_of_no_samples({2, 0, 3}, loss);
}

TEST_CASE("reduce is the same, bit for bit, on one thread and on two", "[losses][reduce][threads]") {
  check_loss_on_two_threads([](auto x) { return reduce(square(x), {.sample_weights = 0.3}); });
}

TEST_CASE("reduce is called as its documentation shows", "[losses][reduce]") {
  Tape<double> tape;
  const auto prediction = tape.variable(std::vector{1, 2, 3}), target = tape.constant(std::vector{2, 2, 1});
  const std::vector<double> weights{1, 5, 4};
  auto loss = losses::reduce(abs(prediction - target), {.sample_weights = weights});
  CHECK(loss.item() == 3);
}
