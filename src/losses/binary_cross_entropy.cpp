// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/binary_cross_entropy.hpp"

#include <algorithm>
#include <cmath>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"
#include "kernels/clip.hpp"
#include "kernels/weighted.hpp"
#include "losses/loss_over_elements.hpp"
#include "losses/option_checks.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {
namespace {

using kernels::weighted;

// A label, and what multiplies the logarithms of yes and no.
struct Target {
  ElementLabel label;
  double pos_weight;

  double yes() const { return weighted(label.value, pos_weight); }
  double no() const { return label.complement; }
};

ElementTerm term_of_logarithms(const Target& target, double log_yes, double log_no, double by_prediction) {
  return {-weighted(target.yes(), log_yes) - weighted(target.no(), log_no), by_prediction,
          log_no - weighted(target.pos_weight, log_yes)};
}

ElementTerm clipped_term(double p, const Target& target, const kernels::ClipInterval& interval) {
  const double q = interval.clip(p);
  const double slope = weighted(target.no(), 1 / (1 - q)) - weighted(target.yes(), 1 / q);
  return term_of_logarithms(target, std::log(q), std::log1p(-q), interval.contains(p) ? slope : 0);
}

ElementTerm clamped_term(double p, const Target& target) {
  const double slope = (target.no() * p - target.yes() * (1 - p)) / std::max(p * (1 - p), 1e-12);
  return term_of_logarithms(target, std::max(std::log(p), -100.0), std::max(std::log1p(-p), -100.0), slope);
}

// log(p + epsilon), where complement is 1 - p. Of a p near 1 the sum would keep only what 1 leaves of it.
double log_of_shifted(double p, double complement, double epsilon) {
  return p > 0.5 ? std::log1p(epsilon - complement) : std::log(p + epsilon);
}

ElementTerm shifted_term(double p, const Target& target, double epsilon) {
  const double yes = p + epsilon, no = 1 - p + epsilon;
  const double slope = weighted(target.no(), 1 / no) - weighted(target.yes(), 1 / yes);
  return term_of_logarithms(target, log_of_shifted(p, 1 - p, epsilon), log_of_shifted(1 - p, p, epsilon),
                            slope);
}

template <class T>
void require_probabilities(const char* name, Variable<T> x, const LossRecording<T>& recording) {
  const Slices& slices = recording.slices();
  for (std::size_t s = 0; s < recording.samples(); ++s) {
    if (!recording.is_valid(s)) continue;
    for (std::size_t j = 0; j < slices.length; ++j) {
      const std::size_t at = slices.start(s) + j * slices.step;
      if (x.data()[at] < 0 || x.data()[at] > 1) {
        fail<ValueError>(
            "{}: probabilities must be in [0, 1], got {} at {}; logits go to sigmoid_cross_entropy", name,
            x.data()[at], element_name("probabilities", x.shape(), at));
      }
    }
  }
}

}  // namespace

template <class T>
Variable<T> binary_cross_entropy(Variable<T> probabilities, std::type_identity_t<Labels<T>> labels,
                                 const BinaryCrossEntropyOptions& options) {
  const char* const name = "binary_cross_entropy";
  LossOverElements<T> loss(name, "probabilities", probabilities, "labels", labels, ElementOptions(options));
  loss.check_labels();
  const auto pos_weights = loss.broadcast("pos_weight", options.pos_weight);
  const auto pos_weight = [pos_weights](std::size_t i) { return pos_weights.empty() ? 1 : pos_weights[i]; };
  switch (options.guard) {
    case LogGuard::clip_probability: {
      require_clip_epsilon(name, options.epsilon);
      const auto interval = kernels::ClipInterval::of<T>(options.epsilon);
      return loss.finish_mean([pos_weight, interval](double p, ElementLabel label, std::size_t i) {
        return clipped_term(p, {label, pos_weight(i)}, interval);
      });
    }
    case LogGuard::clamp_logarithm:
      require_probabilities(name, probabilities, loss.recording());
      return loss.finish_mean([pos_weight](double p, ElementLabel label, std::size_t i) {
        return clamped_term(p, {label, pos_weight(i)});
      });
    case LogGuard::add_epsilon:
      require_in_range(name, "epsilon", options.epsilon, 0, INFINITY);
      return loss.finish_mean([pos_weight, epsilon = static_cast<double>(static_cast<T>(options.epsilon))](
                                  double p, ElementLabel label, std::size_t i) {
        return shifted_term(p, {label, pos_weight(i)}, epsilon);
      });
  }
  fail<ArgumentError>("{}: guard must be a LogGuard, got {}", name, static_cast<int>(options.guard));
}

template Variable<float> binary_cross_entropy(Variable<float>, Labels<float>,
                                              const BinaryCrossEntropyOptions&);
template Variable<double> binary_cross_entropy(Variable<double>, Labels<double>,
                                               const BinaryCrossEntropyOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
