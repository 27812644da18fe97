// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/kl_divergence.hpp"

#include <cmath>

#include "arrays/format.hpp"
#include "kernels/clip.hpp"
#include "losses/loss_over_elements.hpp"
#include "losses/option_checks.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {
namespace {

// Whether a - b is exact (Sterbenz), and log(a / b) better taken from it.
bool are_near(double a, double b) { return a > b / 2 && a < 2 * b; }

// atanh(s) - s = s^3 / 3 + s^5 / 5 + ..., for |s| < 1/2
double atanh_without_first_term(double s) {
  double sum = 0, power = s * s * s;
  for (int k = 3; std::abs(power) > std::abs(sum) * 1e-17; k += 2) {
    sum += power / k;
    power *= s * s;
  }
  return sum;
}

// t log(t / p) = 2 t atanh(s) with s = (t - p) / (t + p), which is (t - p) + (t - p) s + 2 t (atanh(s) - s).
// Of distributions with the same sum, the first terms add up to 0 and leave the smaller ones, so they are
// added by themselves.
ElementTerm near_term(double p, double t) {
  const double s = (t - p) / (t + p);
  return {t - p, -t / p, std::log1p((t - p) / p) + 1, (t - p) * s + 2 * t * atanh_without_first_term(s)};
}

// t * log, where log is infinite for t = 0. NaN in the prediction is seen all the same.
double times_logarithm(double t, double log, double prediction) {
  return t == 0 && !std::isnan(prediction) ? 0 : t * log;
}

ElementTerm term(double p, double t) {
  const double quotient = t / p;
  const bool is_normal = std::isnormal(quotient);
  const double log = is_normal ? std::log(quotient) : std::log(t) - std::log(p);
  return {times_logarithm(t, log, p), t == 0 && p == 0 ? 0 : -t / p, log + 1};
}

ElementTerm plain_term(double x, double t) {
  const double difference = std::log(t) - x;
  return {times_logarithm(t, difference, x), -t, difference + 1};
}

ElementTerm generalized_term(double x, double t) {
  const double p = std::exp(x), u = (p - t) / t;
  // Near the minimum the value is a small difference of large numbers, unless it is that of u and log(1 + u).
  if (std::abs(u) < 0.5) return {t * (u - std::log1p(u)), p - t, -std::log1p(u)};
  return {plain_term(x, t).value + (p - t), p - t, std::log(t) - x};
}

ElementTerm log_targets_term(double x, double t) {
  const double q = std::exp(t);
  return {times_logarithm(q, t - x, x), -q, times_logarithm(q, t - x + 1, x)};
}

// The class mask as one entry for each element; no elements if it is not given.
template <class T>
ArrayView<const bool> element_mask(const char* name, const Mask& mask, const Shape& shape,
                                   std::optional<int> axis, LossRecording<T>& recording) {
  if (!mask.given()) return {};
  const ArrayView<const bool> given = recording.save_copy("class_mask", mask);
  if (mask.shape() == shape) return given;
  Shape aligned;
  const std::size_t along = axis ? resolve_axis(name, *axis, shape) : shape.rank();
  for (std::size_t a = 0; a < shape.rank(); ++a) aligned.append(a == along ? shape[a] : 1);
  if (!axis || mask.shape() != Shape{shape[along]}) {
    fail<ShapeError>(
        "{}: class_mask must have the shape of log_probabilities {}{}, got {}", name, shape,
        axis ? fmt::format(" or one entry for each along the axis, shape {}", Shape{shape[along]}) : "",
        mask.shape());
  }
  return recording.template broadcast<bool>({given.data(), aligned}, shape);
}

template <class T>
void leave_out_samples_without_terms(ArrayView<const bool> mask, LossRecording<T>& recording) {
  if (mask.empty()) return;
  const Slices& slices = recording.slices();
  for (std::size_t s = 0; s < recording.samples(); ++s) {
    bool any = false;
    for (std::size_t j = 0; j < slices.length; ++j) any = any || mask[slices.start(s) + j * slices.step];
    if (!any) recording.leave_out(s);
  }
}

}  // namespace

template <class T>
Variable<T> kl_divergence(Variable<T> probabilities, std::type_identity_t<Labels<T>> targets,
                          const KlDivergenceOptions& options) {
  const char* const name = "kl_divergence";
  require_clip_epsilon(name, options.epsilon);
  LossOverElements<T> loss(name, "probabilities", probabilities, "targets", targets, ElementOptions(options));
  const kernels::ClipInterval interval{static_cast<T>(options.epsilon), 1};
  return loss.finish_sum([interval](double x, ElementLabel z, std::size_t) {
    const double p = interval.clip(x), t = interval.clip(z.value);
    ElementTerm part = are_near(t, p) ? near_term(p, t) : term(p, t);
    if (!interval.contains(x)) part.by_prediction = 0;
    if (!interval.contains(z.value)) part.by_label = 0;
    return part;
  });
}

template <class T>
Variable<T> kl_divergence_from_log(Variable<T> log_probabilities, std::type_identity_t<Labels<T>> targets,
                                   const KlDivergenceFromLogOptions& options) {
  const char* const name = "kl_divergence_from_log";
  LossOverElements<T> loss(name, "log_probabilities", log_probabilities, "targets", targets,
                           ElementOptions(options));
  const auto mask =
      element_mask(name, options.class_mask, log_probabilities.shape(), options.axis, loss.recording());
  leave_out_samples_without_terms(mask, loss.recording());
  const auto finish = [&](auto term) {
    return loss.finish_sum([mask, term](double x, ElementLabel t, std::size_t i) {
      return mask.empty() || mask[i] ? term(x, t.value) : ElementTerm{0, 0, 0};
    });
  };
  switch (options.variant) {
    case KlVariant::plain:
      return finish(plain_term);
    case KlVariant::generalized:
      return finish(generalized_term);
    case KlVariant::log_targets:
      return finish(log_targets_term);
  }
  fail<ArgumentError>("{}: variant must be a KlVariant, got {}", name, static_cast<int>(options.variant));
}

template Variable<float> kl_divergence(Variable<float>, Labels<float>, const KlDivergenceOptions&);
template Variable<double> kl_divergence(Variable<double>, Labels<double>, const KlDivergenceOptions&);
template Variable<float> kl_divergence_from_log(Variable<float>, Labels<float>,
                                                const KlDivergenceFromLogOptions&);
template Variable<double> kl_divergence_from_log(Variable<double>, Labels<double>,
                                                 const KlDivergenceFromLogOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
