// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/sum.hpp"

namespace xtape::kernels {

// e^(x - max) for x <= max. The difference of two floats is taken in double. That of two doubles is rounded
// where their magnitudes differ; its rounding error d_lo (Knuth's two-sum) comes back as e^d (1 + d_lo).
inline double exp_difference(float x, float max) {
  return std::exp(static_cast<double>(x) - static_cast<double>(max));
}

inline double exp_difference(double x, double max) {
  const double d = x - max;
  if (!(d > -746)) return std::exp(d);  // 0 or NaN, and d_lo may be inf - inf
  const double back = d - x;
  const double d_lo = (x - (d - back)) - (max + back);
  const double e = std::exp(d);
  return e + e * d_lo;
}

// What softmax, its logarithm and the losses need of one slice of logits. With k the position of the first
// largest: rest = sum over j != k of e^(x_j - max), so that 1 + rest is the normaliser, and nothing that is
// small beside 1 is lost in it. A slice that holds NaN, or only -inf, has rest = NaN.
template <class T>
struct Normaliser {
  T max;
  std::size_t k;
  double rest;

  double log_rest() const { return std::log1p(rest); }

  // softmax(x)_j
  double probability(T x, std::size_t j) const { return (j == k ? 1 : exp_difference(x, max)) / (1 + rest); }

  // 1 - softmax(x)_k, never as a difference
  double top_complement() const { return rest / (1 + rest); }

  // max - x_j; 0 for the largest itself, also where it is infinite
  double gap(T x, std::size_t j) const {
    return j == k ? 0 : static_cast<double>(max) - static_cast<double>(x);
  }
};

// Of `count` >= 1 logits, `step` apart.
template <class T>
Normaliser<T> normaliser(const T* x, std::size_t count, std::size_t step) {
  Normaliser<T> result{x[0], 0, 0};
  for (std::size_t j = 1; j < count; ++j) {
    if (x[j * step] > result.max) {
      result.max = x[j * step];
      result.k = j;
    }
  }
  Sum<T> rest;
  for (std::size_t j = 0; j < count; ++j) {
    if (j != result.k) rest.add(exp_difference(x[j * step], result.max));
  }
  // A first logit of NaN compares as the largest; a largest of -inf leaves nothing to normalise.
  const bool undefined = std::isnan(result.max) || (std::isinf(result.max) && result.max < 0);
  result.rest = undefined ? NAN : rest.value();
  return result;
}

}  // namespace xtape::kernels
