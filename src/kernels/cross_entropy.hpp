// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/softmax.hpp"
#include "kernels/weighted.hpp"

namespace xtape::kernels {

// What a class has for and against it: p, 1 - p, and -log(p).
struct ClassOdds {
  double p;
  Rounded complement;
  double nats;
};

// What one class with the label t and the probability p adds to a loss of softmax(x): a value and a slope by
// its label. Its pull u is how the loss moves the logits: dloss/dx_j = p_j sum(u) - u_j.
struct ClassTerm {
  double value;
  double pull;
  double by_label;
};

// The loss of one sample with the labels t, the sum over its classes of term(t, odds), and, unless
// null, its gradients by the logits and the labels. `mass` is what pulls of no class of the row add to
// the sum of the pulls; `pulls` has room for one number a class.
template <class T, class Term>
double softmax_loss(const Normaliser<T>& normal, const T* x, const double* t, std::size_t classes,
                    double mass, Term term, double* pulls, T* gradient, T* label_gradient) {
  const double log_rest = normal.log_rest();
  Sum<T> loss, other_pulls;
  other_pulls.add(mass);
  for (std::size_t j = 0; j < classes; ++j) {
    const Rounded p = normal.rounded_probability(x[j], j);
    const Rounded complement = j == normal.k ? normal.top_complement() : one_minus(p);
    const ClassTerm part = term(t[j], ClassOdds{p.nearest(), complement, normal.gap(x[j], j) + log_rest});
    if (t[j] != 0) loss.add(part.value);
    if (j != normal.k) other_pulls.add(part.pull);
    pulls[j] = part.pull;
    if (label_gradient != nullptr) label_gradient[j] = static_cast<T>(part.by_label);
  }
  if (gradient != nullptr) {
    // p_j sum(u) - u_j. Where p_j may be near 1 that is p_k (sum of the other u) - u_k (1 - p_k).
    const double others = other_pulls.value(), total = others + pulls[normal.k];
    for (std::size_t j = 0; j < classes; ++j) {
      gradient[j] = static_cast<T>(total * normal.probability(x[j], j) - pulls[j]);
    }
    gradient[normal.k] = static_cast<T>(others * normal.probability(x[normal.k], normal.k) -
                                        pulls[normal.k] * normal.top_complement().nearest());
  }
  // A row without labels has no loss, whatever its logits are, short of NaN.
  return loss.value() + (std::isnan(log_rest) ? log_rest : 0);
}

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

// The probabilities of yes and no at a logit, and their negative logarithms, none as a difference.
struct LogitOdds {
  Rounded yes, no;
  double nats_yes, nats_no;
};

inline LogitOdds logit_odds(double x) {
  const Rounded e = exponential(-std::abs(x)), sum = one_plus(e);
  const Rounded larger = quotient<double>({1}, sum), smaller = quotient<double>(e, sum);
  const double t = std::log1p(e.nearest());
  return {x < 0 ? smaller : larger, x < 0 ? larger : smaller, (x < 0 ? -x : 0) + t, (x > 0 ? x : 0) + t};
}

// Of the label z and the weight w of the label 1.
inline ElementTerm sigmoid_cross_entropy(double x, ElementLabel z, double w) {
  const LogitOdds odds = logit_odds(x);
  const double of_yes = weighted(z.value, w);
  const double value = weighted(z.complement, odds.nats_no) + weighted(of_yes, odds.nats_yes);
  return {std::isnan(x) ? x : value, z.complement * odds.yes.nearest() - of_yes * odds.no.nearest(),
          w == 1 ? -x : weighted(w, odds.nats_yes) - odds.nats_no};
}

}  // namespace xtape::kernels
