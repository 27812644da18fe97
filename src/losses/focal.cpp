// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/focal.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/clip.hpp"
#include "kernels/weighted.hpp"
#include "losses/check_logits.hpp"
#include "losses/class_terms.hpp"
#include "losses/loss_over_classes.hpp"
#include "losses/loss_over_elements.hpp"
#include "losses/option_checks.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {
namespace {

using kernels::ClipInterval;
using kernels::weighted;

// m^gamma, for a probability m of being wrong
struct Fade {
  double m, gamma, value;
  double slope;  // the derivative by m, where gamma is not below 1

  Fade(kernels::Rounded m, double gamma)
      : m(m.nearest()),
        gamma(gamma),
        value(kernels::power(m, gamma)),
        slope(gamma < 1 ? 0 : gamma * kernels::power(m, gamma - 1)) {}

  // The derivative by m, times two factors. For gamma < 1 it grows beyond all numbers as m vanishes, and one
  // of them may vanish with m, so that one is divided by m first.
  double slope_times(double a, double b) const {
    if (gamma == 0 || a == 0) return 0;
    if (!(gamma < 1)) return slope * a * b;
    if (m == 0) return 0;  // The loss is 0, its least, and nothing is to be learned.
    if (std::abs(b) < std::abs(a)) std::swap(a, b);
    const double part = a / m;
    return gamma * (std::isinf(part) ? value * a / m : value * part) * b;
  }
};

// The probabilities of yes and no, and their negative logarithms, with the derivatives by the prediction.
struct Odds {
  kernels::Rounded yes, no;
  double slope;  // of yes; that of no is its negative
  double nats_yes, nats_no;
  double slope_of_nats_yes, slope_of_nats_no;
};

template <class T>
ElementTerm binary_focal_term(const Odds& odds, ElementLabel label, double gamma,
                              std::optional<double> alpha) {
  const Fade fade(kernels::mixture<T>(label.value, odds.no, label.complement, odds.yes), gamma);
  const double nats = weighted(label.value, odds.nats_yes) + weighted(label.complement, odds.nats_no);
  const double balance = alpha ? *alpha * label.value + (1 - *alpha) * label.complement : 1;
  const double balance_slope = alpha ? 2 * *alpha - 1 : 0;
  const double through_fade = (label.complement - label.value) * fade.slope_times(odds.slope, nats);
  const double through_nats = weighted(fade.value, weighted(label.value, odds.slope_of_nats_yes) +
                                                       weighted(label.complement, odds.slope_of_nats_no));
  const double faded = weighted(fade.value, nats);
  const double faded_by_label = fade.slope_times(odds.no.value - odds.yes.value, nats) +
                                weighted(fade.value, odds.nats_yes - odds.nats_no);
  return {balance * faded, balance * (through_fade + through_nats),
          weighted(balance_slope, faded) + balance * faded_by_label};
}

template <class T>
Odds odds_of_logit(kernels::Rounded x) {
  const auto [yes, no, nats_yes, nats_no] = kernels::logit_odds<T>(x);
  return {yes, no, kernels::product<T>(yes, no).nearest(), nats_yes, nats_no, -no.nearest(), yes.nearest()};
}

// With the probability that goes into the logarithms clipped.
Odds clipped(Odds odds, const ClipInterval& interval) {
  const double p = odds.yes.nearest(), q = interval.clip(p);
  if (interval.contains(p)) return odds;
  odds.nats_yes = -std::log(q);
  odds.nats_no = -std::log1p(-q);
  odds.slope_of_nats_yes = odds.slope_of_nats_no = 0;
  return odds;
}

Odds odds_of_probability(double p) {
  return {{p}, kernels::one_minus({p}), 1, -std::log(p), -std::log1p(-p), -1 / p, 1 / (1 - p)};
}

ClassTerm class_focal_term(double label, const ClassOdds& odds, double gamma) {
  const Fade fade(odds.complement(), gamma);
  const double by_label = fade.value * odds.nats;
  if (label == 0) return {0, 0, by_label};
  const double through_fade = fade.slope_times(odds.p(), odds.nats);
  return {label * by_label, label * (fade.value + through_fade), by_label};
}

void require_focal_options(const char* name, double gamma, std::optional<double> epsilon) {
  require_in_range(name, "gamma", gamma, 0, INFINITY);
  if (epsilon) require_clip_epsilon(name, *epsilon);
}

}  // namespace

template <class T>
Variable<T> sigmoid_focal(Variable<T> logits, std::type_identity_t<Labels<T>> labels,
                          const SigmoidFocalOptions& options) {
  const char* const name = "sigmoid_focal";
  require_focal_options(name, options.gamma, options.epsilon);
  if (options.alpha) require_in_range(name, "alpha", *options.alpha, 0, INFINITY);
  check_binary_logits(name, logits);
  LossOverElements<T> loss(name, "logits", logits, "labels", labels, ElementOptions(options));
  loss.check_labels();
  const auto interval = ClipInterval::of<T>(options.epsilon.value_or(0));
  return loss.finish_logits([&](kernels::Rounded x, ElementLabel label, std::size_t) {
    const Odds odds = odds_of_logit<T>(x);
    return binary_focal_term<T>(options.epsilon ? clipped(odds, interval) : odds, label, options.gamma,
                                options.alpha);
  });
}

template <class T>
Variable<T> binary_focal(Variable<T> probabilities, std::type_identity_t<Labels<T>> labels,
                         const BinaryFocalOptions& options) {
  const char* const name = "binary_focal";
  require_focal_options(name, options.gamma, options.epsilon);
  if (options.alpha) require_in_range(name, "alpha", *options.alpha, 0, INFINITY);
  LossOverElements<T> loss(name, "probabilities", probabilities, "labels", labels, ElementOptions(options));
  loss.check_labels();
  const auto interval = ClipInterval::of<T>(options.epsilon);
  return loss.finish_mean([&](double p, ElementLabel label, std::size_t) {
    return binary_focal_term<T>(clipped(odds_of_probability(p), interval), label, options.gamma,
                                options.alpha);
  });
}

template <class T>
Variable<T> softmax_focal(Variable<T> logits, std::type_identity_t<ClassLabels<T>> labels,
                          const SoftmaxFocalOptions& options) {
  const char* const name = "softmax_focal";
  require_focal_options(name, options.gamma, options.epsilon);
  check_class_logits(name, logits, options.axis);
  LossOverClasses<T> loss(name, "logits", logits, labels, ClassOptions(options));
  const auto interval = ClipInterval::of<T>(options.epsilon.value_or(0));
  const auto term = [&](double label, const ClassOdds& odds) {
    if (!options.epsilon || interval.contains(odds.p())) return class_focal_term(label, odds, options.gamma);
    ClassTerm part = class_focal_term(label, odds_of(interval.clip(odds.p())), options.gamma);
    part.pull = 0;
    return part;
  };
  return loss.finish_softmax(term);
}

template <class T>
Variable<T> categorical_focal(Variable<T> probabilities, std::type_identity_t<ClassLabels<T>> labels,
                              const CategoricalFocalOptions& options) {
  const char* const name = "categorical_focal";
  require_focal_options(name, options.gamma, options.epsilon);
  LossOverClasses<T> loss(name, "probabilities", probabilities, labels, ClassOptions(options));
  loss.check_probabilities(probabilities);
  const auto term = [&](double label, const ClassOdds& odds) {
    return class_focal_term(label, odds, options.gamma);
  };
  const auto interval = ClipInterval::of<T>(options.epsilon);
  return loss.finish([&](const Sample<T>& sample, const double* t) {
    return loss_of_probabilities(sample, t, Normalization::before_clipping, interval, term);
  });
}

template Variable<float> sigmoid_focal(Variable<float>, Labels<float>, const SigmoidFocalOptions&);
template Variable<double> sigmoid_focal(Variable<double>, Labels<double>, const SigmoidFocalOptions&);
template Variable<float> binary_focal(Variable<float>, Labels<float>, const BinaryFocalOptions&);
template Variable<double> binary_focal(Variable<double>, Labels<double>, const BinaryFocalOptions&);
template Variable<float> softmax_focal(Variable<float>, ClassLabels<float>, const SoftmaxFocalOptions&);
template Variable<double> softmax_focal(Variable<double>, ClassLabels<double>, const SoftmaxFocalOptions&);
template Variable<float> categorical_focal(Variable<float>, ClassLabels<float>,
                                           const CategoricalFocalOptions&);
template Variable<double> categorical_focal(Variable<double>, ClassLabels<double>,
                                            const CategoricalFocalOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
