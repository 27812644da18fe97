// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <limits>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Reduction;
using losses::sigmoid_cross_entropy;

namespace {

const double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

const xt::xarray<double> logits{{1, -2, 0.5}, {0, 3, -1}};
const xt::xarray<double> labels{{1, 0, 0.25}, {0, 1, 0.9}};

struct Result {
  std::vector<double> loss, gradient;
};

template <class T>
Result loss_and_gradient(const xt::xarray<double>& x_values, const xt::xarray<double>& z) {
  Tape<T> tape;
  const auto x = tape.variable(x_values);
  const auto loss = sigmoid_cross_entropy(x, z, {.reduction = Reduction::none});
  sum(loss).backward();
  return {values(loss), values(x.grad())};
}

}  // namespace

TEMPLATE_TEST_CASE("sigmoid_cross_entropy is what PyTorch computes in float64",
                   "[losses][sigmoid_cross_entropy]", float, double) {
  const auto result = loss_and_gradient<TestType>(logits, labels);
  CHECK_THAT(result.loss, AllClose({0.31326168751822286, 0.12692801104297260, 0.84907698418010669,
                                    0.69314718055994529, 0.04858735157374196, 1.21326168751822294},
                                   1e-6));
  CHECK_THAT(result.gradient, AllClose({-0.26894142136999510, 0.11920292202211755, 0.37245933120185459, 0.5,
                                        -0.04742587317756664, -0.63105857863000492},
                                       1e-6));
  Tape<TestType> tape;
  const auto x = tape.variable(logits);
  const auto mean = sigmoid_cross_entropy(x, labels);
  mean.backward();
  CHECK_THAT(values(mean), AllClose({0.54071048373220210}, 1e-6));
  CHECK_THAT(values(x.grad())[1], WithinRel(0.01986715367035292, 1e-6));
  CHECK_THAT(values(sigmoid_cross_entropy(x, labels, {.reduction = Reduction::sum})),
             AllClose({6 * 0.54071048373220210}, 1e-6));
}

TEST_CASE("sigmoid_cross_entropy keeps relative precision in both tails",
          "[losses][sigmoid_cross_entropy][exactness]") {
  // log(1 + e^-17) and e^-17 / (1 + e^-17), with mpmath; beyond 80, both are e^-80 to 35 digits.
  const double value17 = 4.13993763308975e-08, gradient17 = 4.13993754739433e-08, at80 = 1.80485138784542e-35;
  const auto certain = loss_and_gradient<float>({17, -17, 80, -80}, {1, 0, 1, 0});
  CHECK_THAT(certain.loss, AllClose({value17, value17, at80, at80}, 1e-7));
  CHECK_THAT(certain.gradient, AllClose({-gradient17, gradient17, -at80, at80}, 1e-7));
  const auto wrong = loss_and_gradient<float>({1e30, -1e30}, {0, 1});
  CHECK_THAT(wrong.loss, AllClose({1e30, 1e30}, 1e-7));
  CHECK_THAT(wrong.gradient, AllClose({1, -1}, 0));
}

TEST_CASE("binary losses keep relative precision under a smoothing however small",
          "[losses][sigmoid_cross_entropy][exactness]") {
  // Of a certain yes, only the part a / 2 that the labels say no is left: a / 2 times 100 nats or ln(2^40).
  Tape<double> tape;
  for (const double a : {0.1, 1e-4, 1e-8, 1e-12}) {
    CAPTURE(a);
    const auto x = tape.variable(100.0), p = tape.variable(1 - std::ldexp(1, -40));
    const auto loss = sigmoid_cross_entropy(x, 1, {.label_smoothing = a});
    loss.backward();
    CHECK_THAT(loss.item(), WithinRel(a / 2 * 100, ulps<double>(2)));
    CHECK_THAT(x.grad()(), WithinRel(a / 2, ulps<double>(2)));
    CHECK_THAT(losses::sigmoid_focal(x, 1, {.gamma = 0, .label_smoothing = a}).item(),
               WithinRel(a / 2 * 100, ulps<double>(2)));
    const double nats = a / 2 * 40 * std::log(2) - (1 - a / 2) * std::log1p(-std::ldexp(1, -40));
    CHECK_THAT(losses::binary_cross_entropy(p, 1, {.epsilon = 0, .label_smoothing = a}).item(),
               WithinRel(nats, ulps<double>(4)));
    CHECK_THAT(losses::binary_focal(p, 1, {.gamma = 0, .epsilon = 0, .label_smoothing = a}).item(),
               WithinRel(nats, ulps<double>(4)));
  }
}

TEST_CASE("sigmoid_cross_entropy with a pos_weight of 0 takes nothing from a yes that was impossible",
          "[losses][sigmoid_cross_entropy][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(-infinity), z = tape.variable(1);
  const auto loss = sigmoid_cross_entropy(x, z, {.pos_weight = 0});
  loss.backward();
  CHECK(loss.item() == 0);
  CHECK(x.grad()() == 0);
  CHECK(z.grad()() == 0);
}

TEST_CASE("sigmoid_cross_entropy treats infinite logits as limits and lets NaN through",
          "[losses][sigmoid_cross_entropy][extremes]") {
  const auto result = loss_and_gradient<double>({infinity, -infinity, infinity, -infinity}, {1, 0, 0, 1});
  CHECK_THAT(result.loss, AllClose({0, 0, infinity, infinity}, 0));
  CHECK_THAT(result.gradient, AllClose({0, 0, 1, -1}, 0));
  CHECK_THAT((loss_and_gradient<double>({not_a_number, not_a_number, 0}, {0, 1, not_a_number}).loss),
             AllClose({not_a_number, not_a_number, not_a_number}, 0));
  CHECK_THAT((loss_and_gradient<double>({not_a_number, not_a_number, 0}, {0, 1, not_a_number}).gradient),
             AllClose({not_a_number, not_a_number, not_a_number}, 0));
}

TEST_CASE("sigmoid_cross_entropy with an infinite weight of label 1 is finite where there is none",
          "[losses][sigmoid_cross_entropy][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(std::vector{0, 0, 0});
  const auto loss = sigmoid_cross_entropy(
      x, std::vector{0, 0, 1},
      {.pos_weight = std::vector{infinity, not_a_number, 2.0}, .reduction = Reduction::sum});
  loss.backward();
  CHECK_THAT(loss.item(), WithinRel(4 * std::log(2.0), 1e-15));
  CHECK_THAT(values(x.grad()), AllClose({0.5, 0.5, -1}, 0));
  CHECK(sigmoid_cross_entropy(tape.constant(-infinity), 1, {.pos_weight = 0}).item() == 0);
}

TEST_CASE("sigmoid_cross_entropy of two classes is softmax_cross_entropy of the logit and zero",
          "[losses][sigmoid_cross_entropy]") {
  Tape<double> tape;
  for (const double x : {-30.0, -1.5, 0.0, 2.0, 40.0}) {
    const auto both = tape.constant(xt::xarray<double>{0, x});
    for (const int z : {0, 1}) {
      CHECK_THAT(sigmoid_cross_entropy(tape.constant(x), tape.constant(z)).item(),
                 WithinRel(losses::softmax_cross_entropy(both, z).item(), 1e-15));
    }
  }
}

TEST_CASE("sigmoid_cross_entropy gradient agrees with central differences, to labels too",
          "[losses][sigmoid_cross_entropy][gradient]") {
  for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean}) {
    const auto loss = [=](auto x, auto z) { return sigmoid_cross_entropy(x, z, {.reduction = reduction}); };
    CHECK_THAT(gradcheck(loss, logits, labels), HasCorrectGradient());
  }
  CHECK_THAT(gradcheck([](auto x) { return sigmoid_cross_entropy(x, x); }, logits), HasCorrectGradient());
}

TEST_CASE("sigmoid_cross_entropy takes labels of any number type and any shape",
          "[losses][sigmoid_cross_entropy]") {
  Tape<float> tape;
  const auto x = tape.variable(logits);
  const xt::xarray<float> z{{1, 0, 0}, {0, 1, 1}};
  const float expected = sigmoid_cross_entropy(x, z).item();
  CHECK(sigmoid_cross_entropy(x, xt::cast<int>(z)).item() == expected);
  CHECK(sigmoid_cross_entropy(x, xt::cast<bool>(z)).item() == expected);
  CHECK(sigmoid_cross_entropy(x, tape.constant(z)).item() == expected);
  CHECK(sigmoid_cross_entropy(tape.constant(0.0), tape.constant(1)).shape() == Shape{});
}

TEST_CASE("sigmoid_cross_entropy of nothing is empty, sums to zero and has no mean",
          "[losses][sigmoid_cross_entropy][extremes]") {
  Tape<double> tape;
  const auto x = tape.variable(xt::xarray<double>::from_shape({0}));
  CHECK(sigmoid_cross_entropy(x, x, {.reduction = Reduction::none}).size() == 0);
  CHECK(sigmoid_cross_entropy(x, x, {.reduction = Reduction::sum}).item() == 0);
  const auto mean = sigmoid_cross_entropy(x, x);
  CHECK(std::isnan(mean.item()));
  CHECK_NOTHROW(mean.backward());
}

TEST_CASE("sigmoid_cross_entropy never stretches labels and leaves the tape as it was",
          "[losses][sigmoid_cross_entropy][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(logits);
  const auto z = tape.constant(xt::xarray<double>{1, 0, 1});
  const auto before = tape.statistics();
  CHECK_THROWS_AS(sigmoid_cross_entropy(x, z), ShapeError);
  CHECK_THROWS_WITH(sigmoid_cross_entropy(x, z),
                    "sigmoid_cross_entropy: labels must have the shape of logits (2, 3), got (3)");
  CHECK(tape.statistics().nodes == before.nodes);
  CHECK(tape.statistics().bytes_in_use == before.bytes_in_use);
}

TEST_CASE("sigmoid_cross_entropy averaged along an axis without elements is NaN",
          "[losses][sigmoid_cross_entropy]") {
  Tape<double> tape;
  const auto x = tape.variable(array({2, 0}, {}));
  const auto each =
      sigmoid_cross_entropy(x, array({2, 0}, {}), {.axis = -1, .reduction = losses::Reduction::none});
  CHECK_THAT(values(each), AllClose({NaN, NaN}, 0));
}

TEST_CASE("sigmoid_cross_entropy leaves out what weighs nothing, also where a logit is infinite",
          "[losses][sigmoid_cross_entropy]") {
  Tape<double> tape;
  const auto x = tape.variable(-inf);
  CHECK(sigmoid_cross_entropy(x, 1.0, {.pos_weight = 0}).item() == 0);
  const auto z = tape.variable(1.0);
  sigmoid_cross_entropy(x, z, {.label_smoothing = 1, .smoothing_prior = 0}).backward();
  CHECK(z.grad()() == 0);
}
