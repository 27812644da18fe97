// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/clip.hpp"
#include "kernels/cross_entropy.hpp"
#include "kernels/sum.hpp"

namespace xtape::kernels {

inline ClassOdds odds_of(double p) { return {p, one_minus({p}), -std::log(p)}; }

// The largest of some non-negative numbers, its position, and the sum of the others, so that the part that
// the largest lacks of the whole is never a difference.
struct Share {
  double largest;
  std::size_t k;
  double others;
  double total;

  double of(double x) const { return x / total; }
  ClassOdds odds(double x, std::size_t j) const {
    return j == k ? ClassOdds{of(x), {others / total}, std::log1p(others / largest)} : odds_of(of(x));
  }
};

template <class T, class Number>
Share share(std::size_t count, Number number) {
  std::size_t k = 0;
  for (std::size_t j = 1; j < count; ++j) {
    if (number(j) > number(k)) k = j;
  }
  Sum<T> others;
  for (std::size_t j = 0; j < count; ++j) {
    if (j != k) others.add(number(j));
  }
  return {number(k), k, others.value(), others.value() + number(k)};
}

// dloss/dp_j = sum(u) / sum(p) - u_j / p_j. With U and P the sums over the others, that is at the largest p
// (U - P u_k / p_k) / sum(p).
template <class T, class Number, class Passes>
void write_share_gradient(const Share& share, Number number, const double* pulls, std::size_t classes,
                          Passes passes, T* gradient) {
  Sum<T> sum;
  for (std::size_t j = 0; j < classes; ++j) {
    if (j != share.k) sum.add(pulls[j]);
  }
  const double others = sum.value(), total = others + pulls[share.k];
  for (std::size_t j = 0; j < classes; ++j) {
    const double own = pulls[j] == 0 ? 0 : pulls[j] / number(j);
    const double slope = j == share.k && pulls[j] != 0 ? (others - own * share.others) / share.total
                                                       : total / share.total - own;
    gradient[j] = static_cast<T>(passes(j) ? slope : 0);
  }
}

// The loss of one sample with the probabilities p, divided by their sum and then clipped, and the labels t:
// the sum of term(t, odds) as in softmax_loss. A clipped entry pulls nothing.
template <class T, class Term>
double normalised_then_clipped_loss(const T* p, const double* t, std::size_t classes,
                                    const ClipInterval& interval, Term term, double* pulls, T* gradient,
                                    T* label_gradient) {
  const auto number = [p](std::size_t j) { return static_cast<double>(p[j]); };
  const Share whole = share<T>(classes, number);
  Sum<T> loss;
  for (std::size_t j = 0; j < classes; ++j) {
    const double r = whole.of(number(j)), q = interval.clip(r);
    const bool inside = interval.contains(r);
    const ClassTerm part = term(t[j], inside ? whole.odds(number(j), j) : odds_of(q));
    if (t[j] != 0) loss.add(part.value);
    pulls[j] = inside ? part.pull : 0;
    if (label_gradient != nullptr) label_gradient[j] = static_cast<T>(part.by_label);
  }
  if (gradient != nullptr) {
    write_share_gradient(
        whole, number, pulls, classes, [](std::size_t) { return true; }, gradient);
  }
  return loss.value();
}

// The same for probabilities that are clipped first. A clipped entry has gradient 0.
template <class T, class Term>
double clipped_then_normalised_loss(const T* p, const double* t, std::size_t classes,
                                    const ClipInterval& interval, Term term, double* pulls, T* gradient,
                                    T* label_gradient) {
  const auto number = [p, &interval](std::size_t j) { return interval.clip(p[j]); };
  const Share whole = share<T>(classes, number);
  Sum<T> loss;
  for (std::size_t j = 0; j < classes; ++j) {
    const ClassTerm part = term(t[j], whole.odds(number(j), j));
    if (t[j] != 0) loss.add(part.value);
    pulls[j] = part.pull;
    if (label_gradient != nullptr) label_gradient[j] = static_cast<T>(part.by_label);
  }
  if (gradient != nullptr) {
    const auto passes = [p, &interval](std::size_t j) { return interval.contains(p[j]); };
    write_share_gradient(whole, number, pulls, classes, passes, gradient);
  }
  return loss.value();
}

}  // namespace xtape::kernels
