// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/softmax.hpp"

namespace xtape::kernels {

// The loss of one sample of class y and, unless null, its gradient softmax(x) - onehot(y).
template <class T>
double softmax_cross_entropy(const T* x, std::size_t classes, std::size_t y, T* gradient) {
  const Normaliser<T> normal = normaliser(x, classes, 1);
  if (gradient != nullptr) {
    for (std::size_t j = 0; j < classes; ++j) gradient[j] = static_cast<T>(normal.probability(x[j], j));
    // p_y - 1 is exact enough for y != k, where p_y <= 1/2.
    gradient[y] = static_cast<T>(y == normal.k ? -normal.top_complement() : normal.probability(x[y], y) - 1);
  }
  return normal.gap(x[y], y) + normal.log_rest();
}

// The loss of one sample with soft labels t and, unless null, its gradients by the logits and the labels.
template <class T>
double softmax_cross_entropy(const T* x, const T* t, std::size_t classes, T* gradient, T* label_gradient) {
  const Normaliser<T> normal = normaliser(x, classes, 1);
  const double log_rest = normal.log_rest();
  Sum<T> loss, other_labels;
  for (std::size_t j = 0; j < classes; ++j) {
    const double nats = normal.gap(x[j], j) + log_rest;
    if (t[j] != 0) loss.add(t[j] * nats);
    if (j != normal.k) other_labels.add(t[j]);
    if (label_gradient != nullptr) label_gradient[j] = static_cast<T>(nats);
  }
  if (gradient != nullptr) {
    // p_j sum(t) - t_j. Where p_j may be near 1 that is p_k (sum of the other t) - t_k (1 - p_k).
    const double others = other_labels.value(), total = others + t[normal.k];
    for (std::size_t j = 0; j < classes; ++j) {
      gradient[j] = static_cast<T>(total * normal.probability(x[j], j) - t[j]);
    }
    gradient[normal.k] = static_cast<T>(others * normal.probability(x[normal.k], normal.k) -
                                        t[normal.k] * normal.top_complement());
  }
  // A row without labels has no loss, whatever its logits are, short of NaN.
  return loss.value() + (std::isnan(log_rest) ? log_rest : 0);
}

// The loss of one element with label z and, unless null, its gradients by the logit and the label.
template <class T>
double sigmoid_cross_entropy(T logit, T label, T* gradient, T* label_gradient) {
  const double x = logit, z = label;
  const double e = std::exp(-std::abs(x));
  const double t = std::log1p(e);
  const double larger = 1 / (1 + e), smaller = e / (1 + e);
  if (gradient != nullptr) {
    *gradient = static_cast<T>((1 - z) * (x < 0 ? smaller : larger) - z * (x < 0 ? larger : smaller));
  }
  if (label_gradient != nullptr) *label_gradient = -logit;
  // A term of weight 0 is 0, also where the other factor is infinite.
  const double if_no = (z == 1 ? 0 : (1 - z) * ((x > 0 ? x : 0) + t));
  const double if_yes = (z == 0 ? 0 : z * ((x < 0 ? -x : 0) + t));
  return std::isnan(x) ? x : if_no + if_yes;
}

}  // namespace xtape::kernels
