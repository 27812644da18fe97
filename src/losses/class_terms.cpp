// SPDX-License-Identifier: BSD-3-Clause
#include "losses/class_terms.hpp"

#include <cmath>

#include "kernels/sum.hpp"

namespace xtape::losses {

using kernels::ClipInterval;
using kernels::Rounded;
using kernels::Sum;

ClassOdds odds_of(double p) { return {{p}, -std::log(p)}; }

// ---- Softmax

template <class T>
SoftmaxRow<T>::SoftmaxRow(const T* logits, std::size_t classes, double temperature, Workspace& workspace)
    : logits_(logits),
      classes_(classes),
      exponentials_(workspace.take<Rounded>(classes)),
      normaliser_(kernels::normaliser(logits, classes, 1, exponentials_, temperature)),
      complement_of_largest_(normaliser_.top_complement()),
      log_rest_(normaliser_.log_rest()) {}

template <class T>
ClassOdds SoftmaxRow<T>::odds(std::size_t j) const {
  return {normaliser_.share(exponentials_[j]), normaliser_.gap(logits_[j], j) + log_rest_,
          j == normaliser_.k ? &complement_of_largest_ : nullptr};
}

template <class T>
bool SoftmaxRow<T>::is_nan() const {
  return std::isnan(log_rest_);
}

template <class T>
double loss_of_softmax(const SoftmaxRow<T>& row, const Sample<T>& sample, const double* t, TermOfClass term,
                       ZeroLabels zero_labels, double other_pulls) {
  Workspace workspace;
  double* pulls = workspace.take<double>(row.classes());
  double* p = workspace.take<double>(row.classes());
  Sum<T> loss, pulls_of_others;
  pulls_of_others.add(other_pulls);
  const bool all_count = zero_labels == ZeroLabels::count || sample.label_gradient != nullptr;
  for (std::size_t j = 0; j < row.classes(); ++j) {
    p[j] = row.probability(j);
    pulls[j] = 0;
    if (t[j] == 0 && !all_count) continue;
    const ClassTerm part = term(t[j], row.odds(j));
    loss.add(part.value);
    pulls[j] = part.pull;
    if (j != row.largest()) pulls_of_others.add(part.pull);
    if (sample.label_gradient != nullptr) sample.label_gradient[j] = static_cast<T>(part.by_label);
  }
  if (sample.gradient != nullptr) {
    const std::size_t k = row.largest();
    const SumOfPulls sum{pulls[k], pulls_of_others.value()};
    for (std::size_t j = 0; j < row.classes(); ++j) {
      sample.gradient[j] = static_cast<T>(sum.slope(p[j], pulls[j]) / row.temperature());
    }
    sample.gradient[k] =
        static_cast<T>(sum.slope_of_largest(p[k], row.complement_of_largest()) / row.temperature());
  }
  // A row without labels has no loss, whatever its logits are, short of NaN.
  return row.is_nan() ? NAN : loss.value();
}

template class SoftmaxRow<float>;
template class SoftmaxRow<double>;
template double loss_of_softmax(const SoftmaxRow<float>&, const Sample<float>&, const double*, TermOfClass,
                                ZeroLabels, double);
template double loss_of_softmax(const SoftmaxRow<double>&, const Sample<double>&, const double*, TermOfClass,
                                ZeroLabels, double);

// ---- Shares

namespace {

// The largest of some non-negative numbers, its position, and the sum of the others, so that the part that
// the largest lacks of the whole is never a difference.
template <class T>
struct Shares {
  const double* numbers;
  std::size_t count;
  std::size_t k = 0;
  double others;
  double total;
  Rounded complement_of_largest{};

  Shares(const double* parts, std::size_t length) : numbers(parts), count(length) {
    for (std::size_t j = 1; j < count; ++j) {
      if (numbers[j] > numbers[k]) k = j;
    }
    Sum<T> sum;
    for (std::size_t j = 0; j < count; ++j) {
      if (j != k) sum.add(numbers[j]);
    }
    others = sum.value();
    total = others + numbers[k];
    complement_of_largest = {others / total};
  }

  ClassOdds odds(std::size_t j, double share) const {
    if (j != k) return odds_of(share);
    return {{share}, std::log1p(others / numbers[k]), &complement_of_largest};
  }

  // sum(u) / sum(p) - u_j / p_j. With U and P the sums over the others, that is at the largest p
  // (U - P u_k / p_k) / sum(p).
  void write_gradient(const double* pulls, T* gradient) const {
    Sum<T> sum;
    for (std::size_t j = 0; j < count; ++j) {
      if (j != k) sum.add(pulls[j]);
    }
    const double of_others = sum.value(), all = of_others + pulls[k];
    for (std::size_t j = 0; j < count; ++j) {
      const double own = pulls[j] == 0 ? 0 : pulls[j] / numbers[j];
      const bool may_cancel = j == k && pulls[j] != 0;
      gradient[j] = static_cast<T>(may_cancel ? (of_others - own * others) / total : all / total - own);
    }
  }
};

}  // namespace

template <class T>
double loss_of_probabilities(const Sample<T>& sample, const double* t, Normalization normalization,
                             const ClipInterval& interval, TermOfClass term) {
  Workspace workspace;
  double* p = workspace.take<double>(sample.length);
  double* pulls = workspace.take<double>(sample.length);
  const bool clipped_first = normalization == Normalization::after_clipping;
  for (std::size_t j = 0; j < sample.length; ++j) {
    const auto given = static_cast<double>(sample.x[j]);
    p[j] = clipped_first ? interval.clip(given) : given;
  }
  const Shares<T> shares(p, sample.length);
  Sum<T> loss;
  for (std::size_t j = 0; j < sample.length; ++j) {
    pulls[j] = 0;
    if (t[j] == 0 && sample.label_gradient == nullptr) continue;
    const double share = p[j] / shares.total;
    const bool is_clipped = !clipped_first && !interval.contains(share);
    const ClassTerm part = term(t[j], is_clipped ? odds_of(interval.clip(share)) : shares.odds(j, share));
    loss.add(part.value);
    pulls[j] = is_clipped ? 0 : part.pull;
    if (sample.label_gradient != nullptr) sample.label_gradient[j] = static_cast<T>(part.by_label);
  }
  if (sample.gradient == nullptr) return loss.value();
  shares.write_gradient(pulls, sample.gradient);
  for (std::size_t j = 0; j < sample.length && clipped_first; ++j) {
    if (!interval.contains(static_cast<double>(sample.x[j]))) sample.gradient[j] = 0;
  }
  return loss.value();
}

template double loss_of_probabilities(const Sample<float>&, const double*, Normalization, const ClipInterval&,
                                      TermOfClass);
template double loss_of_probabilities(const Sample<double>&, const double*, Normalization,
                                      const ClipInterval&, TermOfClass);

}  // namespace xtape::losses
