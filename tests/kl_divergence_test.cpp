// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::kl_divergence;
using losses::kl_divergence_from_log;
using losses::KlVariant;
using losses::Reduction;

namespace {

const auto probabilities = array({2, 3}, {0.2, 0.3, 0.5, 0.4, 0.2, 0.9});
const auto targets = array({2, 3}, {0.1, 0.6, 0.3, 0.2, 0.3, 0.5});
const std::vector<double> logs{-1.5, -0.7, -1.2};

// Each element by itself.
template <class T>
LossResult from_log(KlVariant variant, const std::vector<double>& x, const std::vector<double>& t) {
  return result_of<T>(array({x.size()}, x), array({t.size()}, t), [=](auto a, auto b) {
    return kl_divergence_from_log(a, b,
                                  {.variant = variant, .axis = std::nullopt, .reduction = Reduction::none});
  });
}

// The whole distribution.
template <class T>
LossResult between(const std::vector<double>& p, const std::vector<double>& t, double epsilon = 1e-7) {
  return result_of<T>(array({p.size()}, p), array({t.size()}, t),
                      [=](auto a, auto b) { return kl_divergence(a, b, {.epsilon = epsilon}); });
}

}  // namespace

TEMPLATE_TEST_CASE("kl_divergence is what 120 digits give, to targets too", "[losses][kl_divergence]", float,
                   double) {
  const auto result = result_of<TestType>(probabilities, targets, [](auto p, auto t) {
    return kl_divergence(p, t, {.reduction = Reduction::none});
  });
  CHECK_THAT(result.loss, AllClose({0.19332590315017543, -0.3108832361305993}, 1e-6));
  CHECK_THAT(result.gradient, AllClose({-0.5, -2, -0.6, -0.5, -1.5, -0.55555555555555554}, 1e-6));
  CHECK_THAT(result.label_gradient, AllClose({0.30685281944005469, 1.6931471805599453, 0.48917437623400928,
                                              0.30685281944005469, 1.4054651081081643, 0.41221333509788097},
                                             1e-6));
}

TEST_CASE("kl_divergence clips both distributions to [epsilon, 1], and stops the gradient there",
          "[losses][kl_divergence]") {
  const auto result = between<double>({0, 1.5, 0.25}, {0.5, 0.25, 0});
  CHECK_THAT(result.loss, AllClose({7.3658991717390856}, 1e-15));
  CHECK_THAT(result.gradient, AllClose({0, 0, -4e-7}, 1e-15));
  CHECK_THAT(result.label_gradient, AllClose({16.424948470398375, -0.38629436111989062, 0}, 1e-15));
}

TEMPLATE_TEST_CASE("kl_divergence_from_log is what PyTorch computes in float64, to targets too",
                   "[losses][kl_divergence]", float, double) {
  const auto plain = from_log<TestType>(KlVariant::plain, logs, {0.1, 0.6, 0.3});
  CHECK_THAT(plain.loss,
             AllClose({-0.08025850929940453, 0.11350462574040554, -0.0011918412977808268}, 1e-6, 1e-7));
  CHECK_THAT(plain.gradient, AllClose({-0.1, -0.6, -0.3}, 1e-6));
  CHECK_THAT(plain.label_gradient,
             AllClose({0.19741490700595454, 1.1891743762340092, 0.9960271956740638}, 1e-6));
  const auto log_targets = from_log<TestType>(KlVariant::log_targets, logs, {-2, -0.5, -1.25});
  CHECK_THAT(log_targets.loss,
             AllClose({-0.06766764161830635, 0.12130613194252665, -0.014325239843009518}, 2e-6));
  CHECK_THAT(log_targets.gradient,
             AllClose({-0.1353352832366127, -0.6065306597126334, -0.2865047968601901}, 1e-6));
  CHECK_THAT(log_targets.label_gradient,
             AllClose({0.06766764161830635, 0.72783679165516, 0.27217955701718055}, 1e-6));
}

TEMPLATE_TEST_CASE("kl_divergence_from_log generalized to any sums is what 120 digits give, to targets too",
                   "[losses][kl_divergence]", float, double) {
  const auto result = result_of<TestType>(array({3}, logs), array({3}, {0.1, 0.6, 0.3}), [](auto x, auto t) {
    return kl_divergence_from_log(x, t, {.variant = KlVariant::generalized});
  });
  CHECK_THAT(result.loss, AllClose({0.052963950995261651}, 1e-6));
  CHECK_THAT(result.gradient,
             AllClose({0.12313016014842982, -0.10341469620859044, 0.0011942119122021211}, 1e-6, 1e-7));
  CHECK_THAT(result.label_gradient,
             AllClose({-0.80258509299404563, 0.18917437623400924, -0.003972804325936074}, 1e-6, 1e-7));
}

TEST_CASE("kl_divergence of distributions that are almost equal is within 4 ulp of 120 digits",
          "[losses][kl_divergence][exactness]") {
  // The terms are near 1e-6, their sum 3e-12.
  const std::vector<double> a{0.25 + 0x1p-20, 0.5 - 0x1p-20, 0.25}, b{0.25, 0.5, 0.25};
  CHECK_THAT(between<float>(a, b).loss, AllClose({2.728480635886722e-12}, ulps<float>(4)));
  CHECK_THAT(between<double>(a, b).loss, AllClose({2.728480635886722e-12}, ulps<double>(4)));
  CHECK_THAT(between<double>(a, b).label_gradient,
             AllClose({0.99999618531001031, 1.0000019073504518, 1}, ulps<double>(4)));
  const std::vector<double> nearer{0.25 + 0x1p-40, 0.5 - 0x1p-40, 0.25};
  CHECK_THAT(between<double>(nearer, b).loss, AllClose({2.4815418376560738e-24}, ulps<double>(4)));
  CHECK_THAT(between<double>(b, b).loss, AllClose({0}, 0));
}

TEST_CASE("kl_divergence_from_log generalized is at least 0 and keeps its digits near its minimum",
          "[losses][kl_divergence][exactness]") {
  // Targets near e^-1.2; the logarithm of one loses what is below 1e-16.
  const auto near =
      from_log<double>(KlVariant::generalized, {-1.2, -1.2}, {0.3011942119122021, 0.3011942122134});
  CHECK(near.loss[0] >= 0);
  CHECK_THAT(near.loss[1], WithinRel(1.5060076506593143e-19, 1e-6));
  CHECK_THAT(near.gradient[1], WithinRel(-3.0119787105000635e-10, 1e-6));
  CHECK_THAT(near.label_gradient[1], WithinRel(1.0000121482653343e-9, 1e-6));
  for (const double x : {-0.1, -1.0, -3.0, -10.0, -0.3, -20.5}) {
    CHECK(from_log<double>(KlVariant::generalized, {x}, {std::exp(x)}).loss[0] >= 0);
  }
}

TEST_CASE("the KL divergences gradients agree with central differences, to targets too",
          "[losses][kl_divergence][gradient]") {
  const auto of_probabilities = [](auto p, auto t) {
    return kl_divergence(p, t, {.axis = 0, .sample_weights = std::vector{1, -2, 3}});
  };
  CHECK_THAT(gradcheck(of_probabilities, probabilities, targets), HasCorrectGradient());
  for (const KlVariant variant : {KlVariant::plain, KlVariant::generalized, KlVariant::log_targets}) {
    const auto of_logs = [=](auto x, auto t) {
      return kl_divergence_from_log(
          x, t, {.variant = variant, .axis = 0, .class_mask = array({2, 3}, {1, 1, 0, 0, 1, 1}) > 0.5});
    };
    CHECK_THAT(gradcheck(of_logs, irregular({2, 3}, -3, -0.1), targets), HasCorrectGradient());
  }
}

TEST_CASE("kl_divergence_from_log drops the terms that class_mask leaves out, whatever they hold",
          "[losses][kl_divergence]") {
  const auto result = result_of<double>(
      array({2, 3}, {-1.5, NaN, -1.2, -0.5, inf, -0.25}), array({2, 3}, {0.1, 0.6, 0.3, 0.5, NaN, 0.5}),
      [](auto x, auto t) {
        return kl_divergence_from_log(
            x, t, {.class_mask = std::vector{true, false, true}, .reduction = Reduction::none});
      });
  CHECK_THAT(result.loss,
             AllClose({-0.08025850929940453 - 0.0011918412977808268, 0.375 - std::log(2.0)}, 1e-13));
  CHECK_THAT(result.gradient, AllClose({-0.1, 0, -0.3, -0.5, 0, -0.5}, 0));
  CHECK(result.label_gradient[1] == 0);
}

TEST_CASE("the KL divergences take a target of 0 where the prediction is 0",
          "[losses][kl_divergence][extremes]") {
  // Without clipping; 0.5 log(0.5 / 0.25) + 0.5 log(0.5 / 0.75)
  const double loss = 0.14384103622589046;
  const auto of_probabilities = between<double>({0.25, 0.75, 0}, {0.5, 0.5, 0}, 0);
  CHECK_THAT(of_probabilities.loss, AllClose({loss}, 1e-15));
  CHECK_THAT(of_probabilities.gradient, AllClose({-2, -2 / 3.0, 0}, 1e-15));
  const double quarter = std::log(0.25), rest = std::log(0.75);
  const auto of_logs = from_log<double>(KlVariant::plain, {quarter, rest, -inf}, {0.5, 0.5, 0});
  CHECK_THAT(of_logs.loss, AllClose({0.34657359027997264, -0.20273255405408219, 0}, 1e-15));
  CHECK_THAT(of_logs.gradient, AllClose({-0.5, -0.5, 0}, 0));
  const auto generalized = from_log<double>(KlVariant::generalized, {-inf, quarter}, {0, 0});
  CHECK_THAT(generalized.loss, AllClose({0, 0.25}, 1e-15));
  CHECK_THAT(generalized.gradient, AllClose({0, 0.25}, 1e-15));
  const auto log_targets = from_log<double>(KlVariant::log_targets, {-inf, -1}, {-inf, -inf});
  CHECK_THAT(log_targets.loss, AllClose({0, 0}, 0));
  CHECK_THAT(log_targets.gradient, AllClose({0, 0}, 0));
  CHECK_THAT(log_targets.label_gradient, AllClose({0, 0}, 0));
}

TEST_CASE("the KL divergences of what the prediction excludes are infinite",
          "[losses][kl_divergence][extremes]") {
  CHECK_THAT(between<double>({0, 1}, {0.5, 0.5}, 0).loss, AllClose({inf}, 0));
  CHECK_THAT(between<double>({0, 1}, {0.5, 0.5}, 0).gradient, AllClose({-inf, -0.5}, 0));
  for (const KlVariant variant : {KlVariant::plain, KlVariant::generalized}) {
    CHECK_THAT(from_log<double>(variant, {-inf}, {0.5}).loss, AllClose({inf}, 0));
    CHECK_THAT(from_log<double>(variant, {-inf}, {0.5}).gradient, AllClose({-0.5}, 0));
  }
  CHECK_THAT(from_log<double>(KlVariant::log_targets, {-inf}, {-1}).loss, AllClose({inf}, 0));
}

TEST_CASE("the KL divergences let NaN through in its own sample only", "[losses][kl_divergence][extremes]") {
  for (const double target : {0.0, 0.5, 1.0}) {
    for (const double epsilon : {0.0, 1e-7}) {
      CAPTURE(target, epsilon);
      CHECK(std::isnan(between<double>({NaN, 0.5}, {target, 0.5}, epsilon).loss[0]));
      CHECK(std::isnan(between<double>({0.5, 0.5}, {NaN, target}, epsilon).loss[0]));
      CHECK(std::isnan(between<double>({0.5, 0.5}, {NaN, target}, epsilon).gradient[0]));
    }
  }
  for (const KlVariant variant : {KlVariant::plain, KlVariant::generalized, KlVariant::log_targets}) {
    const double nothing = variant == KlVariant::log_targets ? -inf : 0;
    for (const double target : {nothing, 0.5}) {
      const auto result = from_log<double>(variant, {NaN, -1, -1}, {target, NaN, 0.5});
      CHECK(std::isnan(result.loss[0]));
      CHECK(std::isnan(result.loss[1]));
      CHECK(std::isnan(result.gradient[1]));
      CHECK(std::isfinite(result.loss[2]));
    }
  }
}

TEST_CASE("the KL divergences leave out what is masked, whatever it holds",
          "[losses][kl_divergence][extremes]") {
  const auto p = array({2, 3}, {0.2, 0.3, 0.5, NaN, inf, -1}),
             t = array({2, 3}, {0.1, 0.6, 0.3, 1, NaN, inf});
  const auto result = result_of<double>(p, t, [](auto a, auto b) {
    return kl_divergence(a, b, {.mask = std::vector{1, 0}});
  });
  CHECK_THAT(result.loss, AllClose({0.19332590315017543}, 1e-15));
  CHECK_THAT(result.gradient, AllClose({-0.5, -2, -0.6, 0, 0, 0}, 1e-15));
  const auto from_logs = result_of<double>(p, t, [](auto a, auto b) {
    return kl_divergence_from_log(a, b, {.mask = std::vector{1, 0}, .reduction = Reduction::sum});
  });
  CHECK_THAT(from_logs.gradient, AllClose({-0.1, -0.6, -0.3, 0, 0, 0}, 0));
}

TEST_CASE("the KL divergences of no samples are empty, sum to zero and have no mean",
          "[losses][kl_divergence][extremes]") {
  for (const Shape& shape : {Shape{0, 3}, Shape{2, 0, 3}}) {
    check_loss_of_no_samples(shape,
                             [](auto p, Reduction r) { return kl_divergence(p, p, {.reduction = r}); });
    check_loss_of_no_samples(
        shape, [](auto x, Reduction r) { return kl_divergence_from_log(x, x, {.reduction = r}); });
    check_loss_of_no_samples(shape, [](auto x, Reduction r) {
      return kl_divergence_from_log(x, x, {.axis = std::nullopt, .reduction = r});
    });
  }
}

TEST_CASE("the KL divergences are the same, bit for bit, on one thread and on two",
          "[losses][kl_divergence][threads]") {
  check_loss_on_two_threads([](auto x) { return kl_divergence(softmax(x), softmax(-x)); });
  check_loss_on_two_threads([](auto x) { return kl_divergence_from_log(log_softmax(x), softmax(-x)); });
}

TEST_CASE("the KL divergences are called as their documentation shows", "[losses][kl_divergence]") {
  Tape<double> tape;
  const auto logits = tape.variable(irregular({2, 3})), teacher = tape.constant(softmax(-logits).value());
  {
    auto loss = losses::kl_divergence(softmax(logits), teacher);
    CHECK(loss.item() > 0);
    CHECK_THAT(losses::kl_divergence_from_log(log_softmax(logits), teacher).item(),
               WithinRel(loss.item(), 1e-14));
  }
  {
    auto loss = losses::kl_divergence_from_log(log_softmax(logits), teacher);
    loss.backward();
    CHECK(logits.grad()(0, 0) != 0);
  }
}

TEST_CASE("kl_divergence is finite where the quotient of the two is not", "[losses][kl_divergence]") {
  Tape<double> tape;
  const auto p = tape.variable(std::vector<double>{1e-310, 1});
  const auto loss = losses::kl_divergence(p, std::vector<double>{1, 0}, {.epsilon = 0});
  CHECK_THAT(loss.item(), WithinRel(713.8013788281542, 1e-14));  // 310 log(10)
}
