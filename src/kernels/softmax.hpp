// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/exponential.hpp"
#include "kernels/softmax_kernels.hpp"
#include "kernels/sum.hpp"

namespace xtape::kernels {

// (a - b) / temperature, also where the difference of two finite numbers is too large
inline double scaled_difference(double a, double b, double temperature) {
  const double difference = a - b;
  const bool is_too_large = std::isinf(difference) && std::isfinite(a) && std::isfinite(b);
  return is_too_large ? a / temperature - b / temperature : difference / temperature;
}

// e^((x - max) / temperature) for x <= max. The difference of two floats is taken in double. That of two
// doubles is rounded where their magnitudes differ; its rounding error (Knuth's two-sum) and that of the
// quotient are kept.
inline Rounded exp_difference(float x, float max, double temperature = 1) {
  return {std::exp((static_cast<double>(x) - static_cast<double>(max)) / temperature), 0};
}

inline Rounded exp_difference(double x, double max, double temperature = 1) {
  const double scaled = scaled_difference(x, max, temperature);
  if (!(scaled > -746)) return {std::exp(scaled), 0};  // 0 or NaN, and the error may be inf - inf
  const Rounded e = exponential(scaled);
  const double d = x - max, back = d - x, low = (x - (d - back)) - (max + back);
  if (temperature == 1) return {e.value, e.low + low};
  if (std::isinf(d)) return e;
  return {e.value, e.low + (std::fma(-scaled, temperature, d) + low) / temperature};
}

// What softmax, its logarithm and the losses need of one slice of logits. With k the position of the first
// largest: rest = sum over j != k of e^(x_j - max), so that 1 + rest is the normaliser, and nothing that is
// small beside 1 is lost in it. A slice that holds NaN, or only -inf, has rest = NaN. A temperature
// divides all differences of logits.
template <class T>
struct Normaliser {
  T max;
  std::size_t k;
  Rounded rest;
  Rounded denominator;  // 1 + rest
  double temperature;

  Normaliser(T largest, std::size_t position, Rounded others, double divisor = 1)
      : max(largest), k(position), rest(others), denominator(one_plus<T>(others)), temperature(divisor) {}

  double log_rest() const { return std::log1p(rest.nearest()); }

  // softmax(x)_j
  double probability(T x, std::size_t j) const {
    return share(j == k ? Rounded{1} : exp_difference(x, max, temperature)).nearest();
  }
  // The same of e^(x_j - max)
  Rounded share(Rounded exponential) const { return quotient<T>(exponential, denominator); }

  // 1 - softmax(x)_k, never as a difference
  Rounded top_complement() const { return quotient<T>(rest, denominator); }

  // (max - x_j) / temperature; 0 for the largest itself, also where it is infinite
  double gap(T x, std::size_t j) const { return j == k ? 0 : scaled_difference(max, x, temperature); }

  // -log(softmax(x)_j)
  double nats(T x, std::size_t j) const { return gap(x, j) + log_rest(); }
};

// Of `count` >= 1 logits, `step` apart. The e^(x_j - max) stay in `exponentials`, unless that is null.
template <class T>
Normaliser<T> normaliser(const T* x, std::size_t count, std::size_t step, Rounded* exponentials = nullptr,
                         double temperature = 1) {
  T max = x[0];
  std::size_t k = 0;
  for (std::size_t j = 1; j < count; ++j) {
    if (x[j * step] > max) {
      max = x[j * step];
      k = j;
    }
  }
  Sum<T> rest;
  for (std::size_t j = 0; j < count; ++j) {
    const Rounded e = j == k ? Rounded{1} : exp_difference(x[j * step], max, temperature);
    if (j != k) rest.add(e);
    if (exponentials != nullptr) exponentials[j] = e;
  }
  // A first logit of NaN compares as the largest; a largest of -inf leaves nothing to normalise.
  const bool undefined = std::isnan(max) || (std::isinf(max) && max < 0);
  return {max, k, undefined ? Rounded{NAN} : rest.rounded(), temperature};
}

// One slice, of any logits, `step` apart: the kernels leave those to these in which the largest is not
// finite.
template <class T>
void softmax(const T* x, std::size_t classes, T* y, std::size_t step = 1) {
  const Normaliser<T> normal = normaliser(x, classes, step);
  for (std::size_t j = 0; j < classes; ++j) y[j * step] = static_cast<T>(normal.probability(x[j * step], j));
}

template <class T>
RowNormaliser<T> log_softmax(const T* x, std::size_t classes, T* y, std::size_t step = 1) {
  const Normaliser<T> normal = normaliser(x, classes, step);
  const double log_rest = normal.log_rest();
  for (std::size_t j = 0; j < classes; ++j)
    y[j * step] = static_cast<T>(-(normal.gap(x[j * step], j) + log_rest));
  return {normal.max, normal.rest.nearest()};
}

}  // namespace xtape::kernels
