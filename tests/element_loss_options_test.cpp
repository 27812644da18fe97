// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <vector>

#include "loss_combinations.hpp"
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

constexpr Interval logits{-3, 3}, probabilities{0.01, 0.99}, log_probabilities{-4, -0.1};
constexpr Interval soft_labels{0, 1}, positive_labels{0.1, 1}, signs{-1, 1};

Option layouts_without_axis(Interval predictions, Interval labels) {
  return {layout("each element", {3, 2, 4}, std::nullopt, predictions, labels),
          layout("each element of rank 1", {4}, std::nullopt, predictions, labels),
          layout("a scalar", {}, std::nullopt, predictions, labels)};
}

Option layouts_of_elements(Interval predictions, Interval labels) {
  Option layouts = layouts_without_axis(predictions, labels);
  for (const Alternative& one : layouts_along_axis(predictions, labels)) layouts.push_back(one);
  return layouts;
}

Shape last_extent(const Shape& shape) { return shape == Shape{} ? shape : Shape{shape[shape.rank() - 1]}; }

using OptionalArray = std::optional<xt::xarray<double>>;

Option weights_of_elements(const std::string& name, OptionalArray LossCall::*weights) {
  return {
      {name + " = 3", [=](LossCall& call) { call.*weights = 3.0; }},
      {name + " of each", [=](LossCall& call) { call.*weights = irregular(shape_of(call), 0.1, 4); }},
      {name + " of extent 1",
       [=](LossCall& call) { call.*weights = irregular(with_first_extent_of_1(shape_of(call)), 0.1, 4); }},
      {name + " of the last axis",
       [=](LossCall& call) { call.*weights = irregular(last_extent(shape_of(call)), 0.1, 4); }},
  };
}

Option smoothing_of_elements() { return smoothing(0.1); }

const auto class_weights_of_elements = weights_of_elements("class_weights", &LossCall::class_weights);
const auto pos_weight_of_elements = weights_of_elements("pos_weight", &LossCall::pos_weight);

auto sigmoid_cross_entropy() {
  const auto loss = [](auto x, const auto& labels, const LossCall& call) {
    return losses::sigmoid_cross_entropy(x, labels, options_of<losses::SigmoidCrossEntropyOptions>(call));
  };
  const Meaning meaning = [](const Sample& s) {
    return mean_of_elements(s, [&](std::size_t j) {
      const Complex x = s.predictions[j], z = smoothed_label(s, j);
      return s.pos_weights[j] * z * softplus(-x) + (Real{1} - z) * softplus(x);
    });
  };
  return Family{loss,
                meaning,
                layouts_of_elements(logits, soft_labels),
                {temperature(), class_weights_of_elements, sample_weights(), pos_weight_of_elements, mask(),
                 smoothing_of_elements()}};
}

auto binary_cross_entropy(losses::LogGuard guard) {
  const auto loss = [=](auto x, const auto& labels, const LossCall& call) {
    auto options = options_of<losses::BinaryCrossEntropyOptions>(call);
    options.epsilon = epsilon;
    options.guard = guard;
    return losses::binary_cross_entropy(x, labels, options);
  };
  // Of probabilities this far from 0 and 1, none has a logarithm of -100.
  const auto log_of_guarded = [=](Complex p) {
    if (guard == losses::LogGuard::clip_probability) return std::log(clip_to_epsilon(p));
    if (guard == losses::LogGuard::add_epsilon) return std::log(p + static_cast<Real>(epsilon));
    return std::log(p);
  };
  const Meaning meaning = [=](const Sample& s) {
    return mean_of_elements(s, [&](std::size_t j) {
      const Complex p = s.predictions[j], t = smoothed_label(s, j);
      return -s.pos_weights[j] * t * log_of_guarded(p) - (Real{1} - t) * log_of_guarded(Real{1} - p);
    });
  };
  return Family{
      loss,
      meaning,
      layouts_of_elements(probabilities, soft_labels),
      {class_weights_of_elements, sample_weights(), pos_weight_of_elements, mask(), smoothing_of_elements()}};
}

// The focal loss of a probability, of which the logarithms are taken of q.
Complex focal_of_element(Complex p, Complex q, Complex z, Real gamma, std::optional<double> alpha) {
  const Complex wrong = z * (Real{1} - p) + (Real{1} - z) * p;
  const Complex cross_entropy = -z * std::log(q) - (Real{1} - z) * std::log(Real{1} - q);
  const Real a = alpha.value_or(0);
  const Complex weight = alpha ? a * z + (1 - a) * (Real{1} - z) : Complex(1);
  return weight * std::pow(wrong, gamma) * cross_entropy;
}

auto sigmoid_focal(double gamma, std::optional<double> alpha, std::optional<double> clipped) {
  const auto loss = [=](auto x, const auto& labels, const LossCall& call) {
    auto options = options_of<losses::SigmoidFocalOptions>(call);
    options.gamma = gamma;
    options.alpha = alpha;
    options.epsilon = clipped;
    return losses::sigmoid_focal(x, labels, options);
  };
  const Meaning meaning = [=](const Sample& s) {
    return mean_of_elements(s, [&](std::size_t j) {
      const Complex p = Real{1} / (Real{1} + std::exp(-s.predictions[j]));
      return focal_of_element(p, clipped ? clip_to_epsilon(p) : p, smoothed_label(s, j), gamma, alpha);
    });
  };
  return Family{
      loss,
      meaning,
      layouts_of_elements(logits, soft_labels),
      {temperature(), class_weights_of_elements, sample_weights(), mask(), smoothing_of_elements()}};
}

auto binary_focal() {
  const auto loss = [](auto x, const auto& labels, const LossCall& call) {
    auto options = options_of<losses::BinaryFocalOptions>(call);
    options.alpha = 0.25;
    options.epsilon = epsilon;
    return losses::binary_focal(x, labels, options);
  };
  const Meaning meaning = [](const Sample& s) {
    return mean_of_elements(s, [&](std::size_t j) {
      const Complex p = s.predictions[j];
      return focal_of_element(p, clip_to_epsilon(p), smoothed_label(s, j), 2, 0.25);
    });
  };
  return Family{loss,
                meaning,
                layouts_of_elements(probabilities, soft_labels),
                {class_weights_of_elements, sample_weights(), mask(), smoothing_of_elements()}};
}

auto soft_margin() {
  const auto loss = [](auto x, const auto& labels, const LossCall& call) {
    return losses::soft_margin(x, labels, options_of<losses::SoftMarginOptions>(call));
  };
  const Meaning meaning = [](const Sample& s) {
    return mean_of_elements(s, [&](std::size_t j) { return softplus(-s.labels[j] * s.predictions[j]); });
  };
  return Family{loss,
                meaning,
                layouts_of_elements(logits, signs),
                {temperature(), class_weights_of_elements, sample_weights(), mask()}};
}

auto squared_error() {
  const auto loss = [](auto x, const auto& targets, const LossCall& call) {
    auto options = options_of<losses::SquaredErrorOptions>(call);
    options.scale = 0.7;
    return losses::squared_error(x, targets, options);
  };
  const Meaning meaning = [](const Sample& s) {
    return mean_of_elements(s, [&](std::size_t j) {
      const Complex error = s.predictions[j] - s.labels[j];
      return static_cast<Real>(0.7) * error * error;
    });
  };
  return Family{loss, meaning, layouts_of_elements(logits, logits), {sample_weights(), mask()}};
}

auto huber() {
  const auto loss = [](auto x, const auto& targets, const LossCall& call) {
    auto options = options_of<losses::HuberOptions>(call);
    options.delta = 1.5;
    options.scale = 0.7;
    return losses::huber(x, targets, options);
  };
  const Meaning meaning = [](const Sample& s) {
    return mean_of_elements(s, [&](std::size_t j) {
      const Complex d = s.predictions[j] - s.labels[j], size = d.real() < 0 ? -d : d;
      const Real delta = 1.5, scale = static_cast<Real>(0.7);
      return scale * (size.real() <= delta ? d * d / Real{2} : delta * (size - delta / 2));
    });
  };
  return Family{loss, meaning, layouts_of_elements(logits, logits), {sample_weights(), mask()}};
}

auto kl_divergence() {
  const auto loss = [](auto x, const auto& targets, const LossCall& call) {
    auto options = options_of<losses::KlDivergenceOptions>(call);
    options.epsilon = epsilon;
    return losses::kl_divergence(x, targets, options);
  };
  const Meaning meaning = [](const Sample& s) {
    Complex sum = 0;
    for (std::size_t j = 0; j < s.size(); ++j) {
      const Complex p = clip(s.predictions[j], epsilon, 1), t = clip(s.labels[j], epsilon, 1);
      sum += t * std::log(t / p);
    }
    return sum;
  };
  return Family{loss, meaning, layouts_along_axis(probabilities, soft_labels), {sample_weights(), mask()}};
}

auto kl_divergence_from_log(losses::KlVariant variant) {
  const auto loss = [=](auto x, const auto& targets, const LossCall& call) {
    auto options = options_of<losses::KlDivergenceFromLogOptions>(call);
    options.variant = variant;
    return losses::kl_divergence_from_log(x, targets, options);
  };
  const Meaning meaning = [=](const Sample& s) {
    Complex sum = 0;
    for (std::size_t j = 0; j < s.size(); ++j) {
      if (!s.in_class_mask[j]) continue;
      const Complex x = s.predictions[j], t = s.labels[j];
      if (variant == losses::KlVariant::plain) sum += t * (std::log(t) - x);
      if (variant == losses::KlVariant::generalized) sum += t * (std::log(t) - x) + std::exp(x) - t;
      if (variant == losses::KlVariant::log_targets) sum += std::exp(t) * (t - x);
    }
    return sum;
  };
  const Interval targets = variant == losses::KlVariant::log_targets ? log_probabilities : positive_labels;
  return Family{loss,
                meaning,
                layouts_of_elements(log_probabilities, targets),
                {sample_weights(), mask(), class_mask(MaskedLabels::yes)}};
}

auto reduce() {
  const auto loss = [](auto x, const std::same_as<xt::xarray<double>> auto&, const LossCall& call) {
    return losses::reduce(x, options_of<losses::ReduceOptions>(call));
  };
  const Meaning meaning = [](const Sample& s) { return s.predictions[0]; };
  return Family{loss, meaning, layouts_without_axis(logits, soft_labels), {sample_weights(), mask()}};
}

}  // namespace

TEST_CASE("sigmoid_cross_entropy is what its definition says under every two options",
          "[losses][sigmoid_cross_entropy][options]") {
  check_every_combination(sigmoid_cross_entropy());
}

TEST_CASE("binary_cross_entropy is what its definition says under every two options",
          "[losses][binary_cross_entropy][options]") {
  check_every_combination(binary_cross_entropy(losses::LogGuard::clip_probability));
  check_every_combination(binary_cross_entropy(losses::LogGuard::clamp_logarithm));
  check_every_combination(binary_cross_entropy(losses::LogGuard::add_epsilon));
}

TEST_CASE("sigmoid_focal is what its definition says under every two options",
          "[losses][sigmoid_focal][options]") {
  check_every_combination(sigmoid_focal(2, {}, {}));
  check_every_combination(sigmoid_focal(0.5, 0.25, {}));
  check_every_combination(sigmoid_focal(2, 0.25, epsilon));
}

TEST_CASE("binary_focal is what its definition says under every two options",
          "[losses][binary_focal][options]") {
  check_every_combination(binary_focal());
}

TEST_CASE("soft_margin is what its definition says under every two options",
          "[losses][soft_margin][options]") {
  check_every_combination(soft_margin());
}

TEST_CASE("kl_divergence is what its definition says under every two options",
          "[losses][kl_divergence][options]") {
  check_every_combination(kl_divergence());
}

TEST_CASE("kl_divergence_from_log is what its definition says under every two options",
          "[losses][kl_divergence][options]") {
  check_every_combination(kl_divergence_from_log(losses::KlVariant::plain));
  check_every_combination(kl_divergence_from_log(losses::KlVariant::generalized));
  check_every_combination(kl_divergence_from_log(losses::KlVariant::log_targets));
}

TEST_CASE("squared_error is what its definition says under every two options",
          "[losses][squared_error][options]") {
  check_every_combination(squared_error());
}

TEST_CASE("huber is what its definition says under every two options", "[losses][huber][options]") {
  check_every_combination(huber());
}

TEST_CASE("reduce is what its definition says under every two options", "[losses][reduce][options]") {
  check_every_combination(reduce());
}

TEST_CASE("sigmoid_cross_entropy has the gradient of central differences under options drawn at random",
          "[losses][sigmoid_cross_entropy][options][gradient]") {
  gradcheck_random_sets(sigmoid_cross_entropy());
}
