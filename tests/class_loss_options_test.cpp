// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <concepts>
#include <optional>
#include <vector>

#include "loss_combinations.hpp"
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace class_loss_options_test {
namespace {

auto softmax_cross_entropy() {
  const auto loss = [](auto x, const auto& labels, const LossCall& call) {
    return losses::softmax_cross_entropy(x, labels, options_of<losses::SoftmaxCrossEntropyOptions>(call));
  };
  const Meaning meaning = [](const Sample& s) {
    const Complex lse = log_sum_exp(s);
    return sum_over_labels(s, [&](std::size_t j) { return lse - s.predictions[j]; }) + s.z_loss * lse * lse;
  };
  return Family{loss,
                meaning,
                layouts_of_classes(logit_interval, soft_label_interval),
                {temperature(), weights_of_classes(), sample_weights(), mask(), smoothing_of_classes(),
                 z_loss(), impossible_class(-inf), ignore_index(), class_mask(MaskedLabels::yes)}};
}

auto softmax_focal(double gamma, std::optional<double> clipped = {}) {
  const auto loss = [=](auto x, const auto& labels, const LossCall& call) {
    auto options = options_of<losses::SoftmaxFocalOptions>(call);
    options.gamma = gamma;
    options.epsilon = clipped;
    return losses::softmax_focal(x, labels, options);
  };
  const Meaning meaning = [=](const Sample& s) {
    const Complex lse = log_sum_exp(s);
    return sum_over_labels(s, [&](std::size_t j) {
      const Complex p = std::exp(s.predictions[j] - lse), q = clipped ? clip_to_epsilon(p) : p;
      return -std::pow(Real{1} - q, static_cast<Real>(gamma)) * std::log(q);
    });
  };
  return Family{loss,
                meaning,
                layouts_of_classes(logit_interval, soft_label_interval),
                {temperature(), alpha(), sample_weights(), mask(), smoothing_of_classes(),
                 impossible_class(-inf), ignore_index(), class_mask(MaskedLabels::no)}};
}

auto poly_cross_entropy() {
  const auto loss = [](auto x, const auto& labels, const LossCall& call) {
    auto options = options_of<losses::PolyCrossEntropyOptions>(call);
    options.epsilon = -0.7;
    return losses::poly_cross_entropy(x, labels, options);
  };
  const Meaning meaning = [](const Sample& s) {
    const Complex lse = log_sum_exp(s);
    return sum_over_labels(s, [&](std::size_t j) {
      const Complex log_p = s.predictions[j] - lse;
      return -log_p - Real{0.7} * (Real{1} - std::exp(log_p));
    });
  };
  return Family{loss,
                meaning,
                layouts_of_classes(logit_interval, soft_label_interval),
                {temperature(), weights_of_classes(), sample_weights(), mask(), smoothing_of_classes(),
                 impossible_class(-inf), ignore_index(), class_mask(MaskedLabels::no)}};
}

auto categorical_cross_entropy(losses::Normalization normalization) {
  const auto loss = [=](auto x, const auto& labels, const LossCall& call) {
    auto options = options_of<losses::CategoricalCrossEntropyOptions>(call);
    options.epsilon = epsilon;
    options.normalization = normalization;
    return losses::categorical_cross_entropy(x, labels, options);
  };
  const Meaning meaning = [=](const Sample& s) {
    std::vector<Complex> p = s.predictions;
    if (normalization == losses::Normalization::after_clipping) {
      std::transform(p.begin(), p.end(), p.begin(), clip_to_epsilon);
    }
    const Complex sum = sum_of(p);
    return sum_over_labels(s, [&](std::size_t j) {
      const Complex q = p[j] / sum;
      return -std::log(normalization == losses::Normalization::before_clipping ? clip_to_epsilon(q) : q);
    });
  };
  return Family{loss,
                meaning,
                layouts_of_classes(probability_interval, soft_label_interval),
                {weights_of_classes(), sample_weights(), mask(), smoothing_of_classes(), impossible_class(0),
                 ignore_index()}};
}

auto categorical_focal() {
  const auto loss = [](auto x, const auto& labels, const LossCall& call) {
    auto options = options_of<losses::CategoricalFocalOptions>(call);
    options.epsilon = epsilon;
    return losses::categorical_focal(x, labels, options);
  };
  const Meaning meaning = [](const Sample& s) {
    return sum_over_labels(s, [&](std::size_t j) {
      const Complex q = clip_to_epsilon(s.predictions[j] / sum_of(s.predictions));
      return -(Real{1} - q) * (Real{1} - q) * std::log(q);
    });
  };
  return Family{
      loss,
      meaning,
      layouts_of_classes(probability_interval, soft_label_interval),
      {alpha(), sample_weights(), mask(), smoothing_of_classes(), impossible_class(0), ignore_index()}};
}

auto nll() {
  const auto loss = [](auto x, const std::same_as<xt::xarray<int>> auto& labels, const LossCall& call) {
    return losses::nll(x, labels, options_of<losses::NllOptions>(call));
  };
  const Meaning meaning = [](const Sample& s) {
    return sum_over_labels(s, [&](std::size_t j) { return -s.predictions[j]; });
  };
  return Family{loss,
                meaning,
                layouts_of_classes(log_probability_interval, soft_label_interval),
                {weights_of_classes(), sample_weights(), mask(), impossible_class(-inf), ignore_index()}};
}

auto generalized_cross_entropy() {
  const auto loss = [](auto x, const std::same_as<xt::xarray<int>> auto& labels, const LossCall& call) {
    auto options = options_of<losses::GeneralizedCrossEntropyOptions>(call);
    options.q = 0.7;
    return losses::generalized_cross_entropy(x, labels, options);
  };
  const Meaning meaning = [](const Sample& s) {
    const Real q = 0.7;
    return sum_over_labels(s, [&](std::size_t j) { return (Real{1} - std::pow(s.predictions[j], q)) / q; });
  };
  return Family{loss,
                meaning,
                layouts_of_classes(probability_interval, soft_label_interval),
                {weights_of_classes(), sample_weights(), mask(), impossible_class(0), ignore_index()}};
}

}  // namespace

TEST_CASE("softmax_cross_entropy is what its definition says under every two options",
          "[losses][softmax_cross_entropy][options]") {
  check_every_combination(softmax_cross_entropy());
}

TEST_CASE("softmax_focal is what its definition says under every two options",
          "[losses][softmax_focal][options]") {
  check_every_combination(softmax_focal(2));
  check_every_combination(softmax_focal(0.5));
  check_every_combination(softmax_focal(2, epsilon));
}

TEST_CASE("poly_cross_entropy is what its definition says under every two options",
          "[losses][poly_cross_entropy][options]") {
  check_every_combination(poly_cross_entropy());
}

TEST_CASE("categorical_cross_entropy is what its definition says under every two options",
          "[losses][categorical_cross_entropy][options]") {
  check_every_combination(categorical_cross_entropy(losses::Normalization::before_clipping));
  check_every_combination(categorical_cross_entropy(losses::Normalization::after_clipping));
}

TEST_CASE("categorical_focal is what its definition says under every two options",
          "[losses][categorical_focal][options]") {
  check_every_combination(categorical_focal());
}

TEST_CASE("nll is what its definition says under every two options", "[losses][nll][options]") {
  check_every_combination(nll());
}

TEST_CASE("generalized_cross_entropy is what its definition says under every two options",
          "[losses][generalized_cross_entropy][options]") {
  check_every_combination(generalized_cross_entropy());
}

TEST_CASE("softmax_cross_entropy has the gradient of central differences under options drawn at random",
          "[losses][softmax_cross_entropy][options][gradient]") {
  gradcheck_random_sets(softmax_cross_entropy());
}

}  // namespace class_loss_options_test
