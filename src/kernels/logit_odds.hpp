// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

#include "kernels/exponential.hpp"

namespace xtape::kernels {

// The probabilities of yes and no at a logit, and their negative logarithms, none as a difference.
struct LogitOdds {
  Rounded yes, no;
  double nats_yes, nats_no;
};

template <class T>
LogitOdds logit_odds(Rounded logit) {
  const double x = logit.value, distance = std::abs(x);
  Rounded e = is_double<T> ? exponential(-distance) : Rounded{std::exp(-distance)};
  if (logit.low != 0) e.low -= distance * logit.low;
  const Rounded sum = one_plus<T>(e);
  const Rounded larger = quotient<T>({1}, sum), smaller = quotient<T>(e, sum);
  const double t = std::log1p(e.nearest());
  return {x < 0 ? smaller : larger, x < 0 ? larger : smaller, (x < 0 ? -x : 0) + t, (x > 0 ? x : 0) + t};
}

}  // namespace xtape::kernels
