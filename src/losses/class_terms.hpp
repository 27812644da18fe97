// SPDX-License-Identifier: BSD-3-Clause
// Losses of one sample that are sums over its classes: what a family says of a class, and what surrounds it.
#pragma once

#include <cstddef>

#include "core/function_ref.hpp"
#include "kernels/clip.hpp"
#include "kernels/softmax.hpp"
#include "losses/sample_block.hpp"
#include "threads/workspace.hpp"
#include "xtape/losses/categorical_cross_entropy.hpp"

namespace xtape::losses {

// What a class has for and against it: p, 1 - p, and -log(p).
struct ClassOdds {
  kernels::Rounded share;
  double nats;
  const kernels::Rounded* rest = nullptr;  // 1 - p of the most probable class, which is no difference

  double p() const { return share.nearest(); }
  kernels::Rounded complement() const { return rest == nullptr ? kernels::one_minus(share) : *rest; }
};

ClassOdds odds_of(double p);

// What one class with the label t adds to a loss: a value, and its slope by the label. Its pull u is how it
// moves the logits x, or the numbers p that are divided by their sum: dloss/dx_j is (p_j sum(u) - u_j) /
// temperature, and dloss/dp_j is sum(u) / sum(p) - u_j / p_j.
struct ClassTerm {
  double value;
  double pull;
  double by_label;
};

using TermOfClass = FunctionRef<ClassTerm(double t, const ClassOdds&)>;

// What a class with the label 0 does.
enum class ZeroLabels { add_nothing, count };

// What the pulls add up to: the first is that of the class with the largest logit.
struct SumOfPulls {
  double largest, others;

  // p sum(u) - u. Where p may be near 1 that is p_k (sum of the other u) - u_k (1 - p_k).
  double slope(double p, double pull) const { return (others + largest) * p - pull; }
  double slope_of_largest(double p, kernels::Rounded complement) const {
    return others * p - largest * complement.nearest();
  }
};

// The softmax of a row of logits, divided by the temperature.
template <class T>
class SoftmaxRow {
 public:
  SoftmaxRow(const T* logits, std::size_t classes, double temperature, Workspace& workspace);

  std::size_t classes() const { return classes_; }
  std::size_t largest() const { return normaliser_.k; }
  double temperature() const { return normaliser_.temperature; }
  kernels::Rounded complement_of_largest() const { return complement_of_largest_; }
  double probability(std::size_t j) const { return normaliser_.share(exponentials_[j]).nearest(); }
  ClassOdds odds(std::size_t j) const;

  double log_sum() const { return normaliser_.max / temperature() + log_rest_; }
  double nats_of_logit(T logit) const {
    return kernels::scaled_difference(normaliser_.max, logit, temperature()) + log_rest_;
  }
  bool is_nan() const;

 private:
  const T* logits_;
  std::size_t classes_;
  kernels::Rounded* exponentials_;  // of (x - max) / temperature
  kernels::Normaliser<T> normaliser_;
  kernels::Rounded complement_of_largest_;
  double log_rest_;
};

// The loss of one sample with the labels t, and its gradients unless they are null: of softmax(x /
// temperature), with what pulls of no class of the row add to the sum of the pulls;
template <class T>
double loss_of_softmax(const SoftmaxRow<T>& row, const Sample<T>& sample, const double* t, TermOfClass term,
                       ZeroLabels zero_labels, double other_pulls);
// of probabilities x that are divided by their sum and then clipped, or the other way about. What is clipped
// last pulls nothing; what is clipped first has gradient 0.
template <class T>
double loss_of_probabilities(const Sample<T>& sample, const double* t, Normalization normalization,
                             const kernels::ClipInterval& interval, TermOfClass term);

}  // namespace xtape::losses
