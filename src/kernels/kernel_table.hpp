// SPDX-License-Identifier: BSD-3-Clause
// What is built once for each kind of processor. No code stands here: see simd/batch.hpp for why.
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

// The normaliser of a row: its largest logit and the sum over all but one of the largest of e^(x - max), NaN
// where the largest is not finite.
template <class T>
struct RowNormaliser {
  T max;
  double rest;
};

// Of a function of each element: y = f(x), and dx = dy f'(x), which is added unless it is the first
// contribution.
template <class T>
struct UnaryKernels {
  void (*value)(const T* x, T* y, std::size_t n);
  void (*gradient)(const T* x, const T* dy, T* dx, std::size_t n, bool first);
};

// The same of a function that has a parameter.
template <class T>
struct ParametricKernels {
  void (*value)(const T* x, T* y, std::size_t n, T parameter);
  void (*gradient)(const T* x, const T* dy, T* dx, std::size_t n, bool first, T parameter);
};

// y = f(a, b); an operand that does not move is one number.
template <class T>
using BinaryKernel = void (*)(const T* a, bool a_moves, const T* b, bool b_moves, T* y, std::size_t n);

// c (rows, columns) = start + a b, where each row of the start is the bias, or, without it, that of c if
// `add`, or else 0. Element (i, k) of a is a[i * a_row + k * a_inner], of which one is 1. The rows of c, and
// of b (inner, columns) or b^T (columns, inner), are so far apart as said.
template <class T>
struct SmallProduct {
  std::size_t rows, columns, inner;
  const T* a;
  std::size_t a_row, a_inner;
  const T* b;
  std::size_t b_row;
  bool b_is_transposed;
  const T* bias;
  bool add;
  T* c;
  std::size_t c_row;
  T* groups;  // memory for 32 inner elements
};

// Of a (rows, inner) and b^T (columns, inner), both dense: so few rows that a BLAS takes longer whatever the
// size.
inline constexpr std::size_t few_rows = 5;

// `count` pieces of `length` neighbouring elements, which begin `step` apart.
struct Pieces {
  std::size_t count, length, step;
};

// Of numbers: mean + rest is their mean to about twice the precision of a double, and the variance that of
// all of them, not an estimate of that of others.
struct Moments {
  double mean, rest, variance;
};

// What takes numbers to ((x - mean) - rest) scale, their distance from the mean in standard deviations.
struct Standard {
  double mean, rest, scale;
};

// The sums of g and of g z, where z is x standardised.
struct StandardSums {
  double g, gz;
};

// Of a step of SGD: s = g + weight_decay x, velocity = momentum velocity + s, x -= rate velocity, or by
// Nesterov x -= rate (s + momentum velocity); without a velocity x -= rate s.
template <class T>
struct SGDStep {
  T rate, momentum, weight_decay;
  bool nesterov;
};

// Of a step of Adam: s = g + weight_decay x, m = beta1 m + rest1 s, v = beta2 v + rest2 s^2,
// x -= lost x + rate m / (sqrt(v) scale + epsilon). One of weight_decay and lost is 0.
template <class T>
struct AdamStep {
  T rate, scale, epsilon;
  T beta1, rest1, beta2, rest2;
  T weight_decay, lost;
};

// Of a step of RMSprop: s = g + weight_decay x, square = decay square + rest s^2,
// a = s / (sqrt(square) + epsilon), x -= rate a. With a mean, mean = decay mean + rest s, and the root is
// that of square - mean^2; with a velocity, velocity = momentum velocity + a, x -= rate velocity. Adagrad has
// decay and rest 1.
template <class T>
struct RMSpropStep {
  T rate, decay, rest, epsilon, momentum, weight_decay;
};

template <class T>
struct Kernels {
  void (*softmax_cross_entropy)(const SoftmaxRows<T>&);
  void (*sigmoid_cross_entropy)(const SigmoidElements<T>&);

  // Of each row of x; the gradients are added unless they are the first contribution.
  void (*softmax)(const T* x, std::size_t rows, std::size_t classes, T* y, RowNormaliser<T>*);
  void (*softmax_gradient)(const T* p, const T* dy, std::size_t rows, std::size_t classes, T* dx, bool first);
  void (*log_softmax)(const T* x, std::size_t rows, std::size_t classes, T* y, RowNormaliser<T>*);
  void (*log_softmax_gradient)(const T* x, const RowNormaliser<T>*, const T* dy, std::size_t rows,
                               std::size_t classes, T* dx, bool first);
  void (*normalise)(const T* x, std::size_t rows, std::size_t classes, RowNormaliser<T>*);
  void (*log_sum_exp_gradient)(const T* x, const RowNormaliser<T>*, const T* dy, std::size_t rows,
                               std::size_t classes, T* dx, bool first);

  UnaryKernels<T> exp, log, log1p, relu, tanh, sigmoid, softplus, silu, gelu;
  ParametricKernels<T> leaky_relu, elu;
  BinaryKernel<T> add, subtract, multiply, divide;

  // t = given kept + added / mass: labels with class weights and smoothing worked in; a given 0 gives 0 of
  // the former.
  void (*work_labels)(const T* given, const double* kept, const double* added, double mass, T* t,
                      std::size_t n);

  // x and y, and so on, lie in memory alike.
  Moments (*moments)(const T* x, Pieces);
  // y = z factor + shift with z = x standardised.
  void (*standardise)(const T* x, Pieces, Standard, double factor, double shift, T* y);
  // The same with a factor (null: 1) and a shift (null: 0) for each of n neighbouring elements.
  void (*standardise_row)(const T* x, std::size_t n, Standard, const T* factors, const T* shifts, T* y);
  // Of g = dy; for a row g = dy factors.
  StandardSums (*standard_sums)(const T* x, const T* dy, Pieces, Standard);
  StandardSums (*standard_sums_of_row)(const T* x, const T* dy, std::size_t n, Standard, const T* factors);
  // dx = (g - means.g - z means.gz) scale, which is added unless it is the first contribution; `scale` is
  // that of the gradient.
  void (*standardise_gradient)(const T* x, const T* dy, Pieces, Standard, StandardSums means, double scale,
                               T* dx, bool first);
  void (*standardise_row_gradient)(const T* x, const T* dy, std::size_t n, Standard, const T* factors,
                                   StandardSums means, T* dx, bool first);
  // Adds dy z to n sums, and what the sums of doubles lose to `errors`.
  void (*add_standardised)(const T* x, const T* dy, std::size_t n, Standard, double* sums, double* errors);

  void (*multiply_small)(const SmallProduct<T>&);

  void (*sgd)(T* x, const T* g, T* velocity, std::size_t n, const SGDStep<T>&);
  void (*adam)(T* x, const T* g, T* first_moment, T* second_moment, std::size_t n, const AdamStep<T>&);
  void (*rmsprop)(T* x, const T* g, T* square, T* mean, T* velocity, std::size_t n, const RMSpropStep<T>&);
  void (*move_towards)(const T* target, T* x, std::size_t n, T fraction);  // x += fraction (target - x)

  double (*sum)(const T* x, std::size_t n);
  double (*sum_of_doubles)(const double* x, std::size_t n);           // in the precision of T
  double (*sum_of_squares)(const T* x, std::size_t n, double scale);  // of scale x, in double
  // Adds rows of n elements, `step` apart, to as many sums, and what the sums of doubles lose to `errors`.
  void (*add_rows)(const T* x, std::size_t rows, std::size_t step, std::size_t n, double* sums,
                   double* errors);
};

struct KernelTable {
  const char* name;
  Kernels<float> of_float;
  Kernels<double> of_double;
};

}  // namespace xtape::kernels
