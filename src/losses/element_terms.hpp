// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/logit_odds.hpp"
#include "kernels/rounded.hpp"

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

}  // namespace xtape::losses
