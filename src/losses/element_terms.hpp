// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

#include "kernels/exponential.hpp"

namespace xtape::losses {

// A loss and its slopes at one element.
struct ElementTerm {
  double value;
  double by_prediction;
  double by_label;
  double small_value = 0;  // belongs to the value, and would lose digits beside it
};

// The label of one element. Smoothing makes the complement small; it is never a difference of the two.
struct ElementLabel {
  double value;
  double complement;  // 1 - value
};

// logit / temperature
template <class T>
kernels::Rounded scaled_logit(double logit, double temperature) {
  return temperature == 1 ? kernels::Rounded{logit} : kernels::quotient<T>({logit}, {temperature});
}

// The probabilities of yes and no at a logit, and their negative logarithms, none as a difference.
struct LogitOdds {
  kernels::Rounded yes, no;
  double nats_yes, nats_no;
};

template <class T>
LogitOdds logit_odds(kernels::Rounded logit) {
  const double x = logit.value, distance = std::abs(x);
  kernels::Rounded e =
      kernels::is_double<T> ? kernels::exponential(-distance) : kernels::Rounded{std::exp(-distance)};
  if (logit.low != 0) e.low -= distance * logit.low;
  const kernels::Rounded sum = kernels::one_plus<T>(e);
  const kernels::Rounded larger = kernels::quotient<T>({1}, sum), smaller = kernels::quotient<T>(e, sum);
  const double t = std::log1p(e.nearest());
  return {x < 0 ? smaller : larger, x < 0 ? larger : smaller, (x < 0 ? -x : 0) + t, (x > 0 ? x : 0) + t};
}

}  // namespace xtape::losses
