// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <vector>

#include "loss_combinations.hpp"
#include "loss_result.hpp"

using namespace xtape;
using namespace xtape::testing;
using losses::Reduction;
using losses::symmetric_cross_entropy;

namespace symmetric_cross_entropy_test {
namespace {

const auto rows = array({2, 3}, {1, -2, 0.5, 0, 3, -1});
const auto soft_rows = array({2, 3}, {0.2, 0.3, 0.5, 0.1, 0, 0.9});
const std::vector<int> class_indices{2, 1};

template <class T>
LossResult of_class(const std::vector<double>& x, int y) {
  return result_of<T>(array({x.size()}, x), [=](auto row) { return symmetric_cross_entropy(row, y); });
}

TEMPLATE_TEST_CASE("symmetric_cross_entropy is what 40 digits give, to soft labels too",
                   "[losses][symmetric_cross_entropy]", float, double) {
  const auto hard = result_of<TestType>(
      rows, [](auto x) { return symmetric_cross_entropy(x, class_indices, {.reduction = Reduction::none}); });
  CHECK_THAT(hard.loss, AllClose({2.63569082510702755, 0.261630182869720041}, 1e-6));
  CHECK_THAT(hard.gradient, AllClose({0.944727475048285376, 0.0470352113892284613, -0.991762686437513838,
                                      0.179223585754561263, -0.245156258326691331, 0.0659326725721300682},
                                     1e-6));
  const auto soft = result_of<TestType>(rows, soft_rows, [](auto x, auto t) {
    return symmetric_cross_entropy(
        x, t, {.alpha = 0.25, .beta = 0.5, .log_of_zero = -2, .reduction = Reduction::none});
  });
  CHECK_THAT(soft.loss, AllClose({1.044504999821882, 1.97522650226478017}, 1e-6));
  CHECK_THAT(soft.gradient, AllClose({0.205906928238915274, -0.0683530593169633132, -0.137553868921951961,
                                      -0.0125896468351356308, 0.249268606722682244, -0.236678959887546613},
                                     2e-6));
  CHECK_THAT(soft.label_gradient, AllClose({-1.38322301478599349, 0.826051079636280842, -0.115042990696229324,
                                            0.766470975939357292, 0.016470975939357292, 1.00694440619184596},
                                           2e-6));
}

TEMPLATE_TEST_CASE("symmetric_cross_entropy is within 4 ulp of 40 digits where a class leads by 17 or 40",
                   "[losses][symmetric_cross_entropy][exactness]", float, double) {
  const double bound = ulps<TestType>(4);
  const auto right = of_class<TestType>({17, 0, -1}, 0);
  CHECK_THAT(right.loss, AllClose({2.32180350435633873e-7}, bound));
  CHECK_THAT(right.gradient,
             AllClose({-2.32180337447754868e-7, 1.69737427480390568e-7, 6.24429099673642994e-8}, bound));
  const auto wrong = of_class<TestType>({17, 0, -1}, 1);
  CHECK_THAT(wrong.loss, AllClose({5.69999984006543625}, bound));
  CHECK_THAT(wrong.gradient,
             AllClose({0.100000159934554629, -0.100000161457555039, 1.52300041027129032e-9}, bound));
  const auto sure = of_class<TestType>({40, 0, -1}, 0);
  CHECK_THAT(sure.loss, AllClose({2.38260694229689687e-17}, bound));
  CHECK_THAT(sure.gradient,
             AllClose({-2.38260694229689686e-17, 1.74182524466955147e-17, 6.40781697627345388e-18}, bound));
}

TEST_CASE("symmetric_cross_entropy without its reverse is softmax_cross_entropy",
          "[losses][symmetric_cross_entropy]") {
  Tape<double> tape;
  const auto logits = tape.variable(rows);
  CHECK_THAT(symmetric_cross_entropy(logits, soft_rows, {.alpha = 1, .beta = 0}).item(),
             WithinRel(losses::softmax_cross_entropy(logits, soft_rows).item(), 1e-15));
}

TEST_CASE("symmetric_cross_entropy without its first part looks at no impossible class",
          "[losses][symmetric_cross_entropy][extremes]") {
  Tape<double> tape;
  const auto logits = tape.variable(xt::xarray<double>{{0, -inf, 1}});
  const auto labels = tape.variable(xt::xarray<double>{{0.5, 0.5, 0}});
  const auto loss = symmetric_cross_entropy(logits, labels, {.alpha = 0, .log_of_zero = -4});
  const double p = 1 / (1 + std::exp(1));
  CHECK_THAT(loss.item(), WithinRel(p * std::log(2) + (1 - p) * 4, 1e-15));
  loss.backward();
  CHECK_THAT(values(labels.grad()), AllClose({-2 * p, 0, 0}, 1e-15));
}

TEST_CASE("symmetric_cross_entropy is what its definition says under every two options",
          "[losses][symmetric_cross_entropy][options]") {
  const auto loss = [](auto x, const auto& labels, const LossCall& call) {
    return symmetric_cross_entropy(x, labels, options_of<losses::SymmetricCrossEntropyOptions>(call));
  };
  const Meaning meaning = [](const Sample& s) {
    const Complex lse = log_sum_exp(s);
    Complex reverse = 0;
    for (std::size_t j = 0; j < s.size(); ++j) {
      if (!s.in_class_mask[j]) continue;
      const Complex p = std::exp(s.predictions[j] - lse), t = class_label(s, j);
      reverse -= p * (t.real() > std::exp(Real{-4}) ? std::log(t) : Complex(-4));
    }
    const Complex forward = sum_over_labels(s, [&](std::size_t j) { return lse - s.predictions[j]; });
    return Real{0.1L} * forward + reverse;
  };
  check_every_combination(Family{loss,
                                 meaning,
                                 layouts_of_classes(logit_interval, soft_label_interval),
                                 {sample_weights(), mask(), smoothing_of_classes(), impossible_class(-inf),
                                  ignore_index(), class_mask(MaskedLabels::no)}});
}

TEST_CASE("symmetric_cross_entropy of infinite logits is the limit",
          "[losses][symmetric_cross_entropy][extremes]") {
  CHECK_THAT(of_class<double>({inf, 0, 1}, 0).loss, AllClose({0}, 0));
  CHECK_THAT(of_class<double>({inf, 0, 1}, 0).gradient, AllClose({0, 0, 0}, 0));
  CHECK_THAT(of_class<double>({inf, 0, 1}, 1).loss, AllClose({inf}, 0));
  CHECK_THAT(of_class<double>({0, -inf}, 0).loss, AllClose({0}, 0));
  CHECK_THAT(of_class<double>({0, -inf}, 1).gradient, AllClose({0.1, -0.1}, 1e-15));
  CHECK_THAT(of_class<double>({NaN, 0}, 1).loss, AllClose({NaN}, 0));
}

TEST_CASE("symmetric_cross_entropy refuses options that make no sense",
          "[losses][symmetric_cross_entropy][errors]") {
  Tape<double> tape;
  const auto x = tape.variable(rows);
  const auto with = [&](const losses::SymmetricCrossEntropyOptions& options) {
    return refusal<ArgumentError>(tape, [&] { symmetric_cross_entropy(x, class_indices, options); });
  };
  CHECK(with({.alpha = -1}) == "symmetric_cross_entropy: alpha must be finite and at least 0, got -1");
  CHECK(with({.beta = NaN}) == "symmetric_cross_entropy: beta must be finite and at least 0, got nan");
  CHECK(with({.log_of_zero = 1}) ==
        "symmetric_cross_entropy: log_of_zero must be finite and at most 0, got 1");
}

}  // namespace
}  // namespace symmetric_cross_entropy_test
