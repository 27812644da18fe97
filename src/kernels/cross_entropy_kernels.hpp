// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

namespace xtape::kernels {

// Rows of `classes` logits, one after the other, and what a loss needs of each.
template <class T>
struct SoftmaxRows {
  std::size_t rows;
  std::size_t classes;
  const T* x;
  const std::int64_t* labels;  // the class of each row
  const T* label_logits;       // its logit; null: that of the row
  const T* soft_labels;        // rows as the logits; null if there are class indices
  const double* scales;        // what multiplies the gradient of each row; null: `scale`
  double scale;
  double* losses;  // not scaled; NaN where the largest logit is not finite
  T* gradient;     // null if nobody needs it
};

// Whether all losses are numbers.
struct SoftmaxCrossEntropy {
  template <class T>
  using Functions = bool (*)(const SoftmaxRows<T>&);
};

// Logits and labels of as many independent losses, the label smoothed to kept z + added_yes and its
// complement to kept (1 - z) + added_no.
template <class T>
struct SigmoidElements {
  std::size_t count;
  const T* x;
  const T* labels;
  double kept;
  double added_yes;
  double added_no;
  const double* pos_weights;  // of the label 1; null: 1
  const double* weights;      // what multiplies each loss and its gradient; null: 1
  const double* scales;       // what multiplies each gradient besides; null: `scale`
  double scale;
  double* losses;
  T* gradient;  // null if nobody needs it
};

struct SigmoidCrossEntropy {
  template <class T>
  using Functions = void (*)(const SigmoidElements<T>&);
};

// t = given kept + added / mass: labels with class weights and smoothing worked in; a given 0 gives 0 of the
// former.
struct WorkLabels {
  template <class T>
  using Functions = void (*)(const T* given, const double* kept, const double* added, double mass, T* t,
                             std::size_t n);
};

}  // namespace xtape::kernels
