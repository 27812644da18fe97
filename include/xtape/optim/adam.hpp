// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/optim/optimizer.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Options of Adam.
struct AdamOptions {
  double learning_rate = 1e-3;  ///< r, from 0
  double beta1 = 0.9;           ///< in [0, 1)
  double beta2 = 0.999;         ///< in [0, 1)
  double epsilon = 1e-8;        ///< above 0
  double weight_decay = 0;      ///< w, from 0
};

/// Options of AdamW.
struct AdamWOptions {
  double learning_rate = 1e-3;  ///< r, from 0
  double beta1 = 0.9;           ///< in [0, 1)
  double beta2 = 0.999;         ///< in [0, 1)
  double epsilon = 1e-8;        ///< above 0
  double weight_decay = 1e-2;   ///< w, from 0
};

/// Steps scaled by moving means of the gradient and of its square. In step t, with gradient g, weight decay w
/// and learning rate r:
///
/// @f[
///   s = g + w x \qquad
///   m \gets \beta_1 m + (1 - \beta_1) s \qquad
///   v \gets \beta_2 v + (1 - \beta_2) s^2
/// @f]
/// @f[
///   x \gets x - r \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}
/// @f]
///
/// The decay is the gradient of w |x|^2 / 2 and is scaled by the moments like any other; see AdamW.
///
/// Where the gradient is sparse, the rows that have one take this step, with t the number of all steps; x, m
/// and v of the others stay as they are. A row that comes back after k steps without gradient has the moments
/// it had, which would have faded to @f$ \beta_1^k m @f$ and @f$ \beta_2^k v @f$ in steps of all rows, with x
/// going on by them.
/// @throws ArgumentError  beta1 or beta2 outside [0, 1), epsilon not above 0, weight_decay negative or not
///                        finite, or as Optimizer.
///
/// Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1. Sparse: as
/// PyTorch's SparseAdam, which has @f$ \epsilon / \sqrt{1 - \beta_2^t} @f$ in place of @f$ \epsilon @f$, and
/// no weight decay.
template <class T>
class Adam : public OptimizerOf<T, AdamOptions> {
 public:
  using OptimizerOf<T, AdamOptions>::OptimizerOf;
};

/// Adam with decoupled weight decay. With weight decay w, learning rate r and Adam's change d of a step
/// without decay:
///
/// @f[ x \gets (1 - r w) x + d @f]
///
/// Where the gradient is sparse, rows without one do not decay either.
///
/// @throws ArgumentError  as Adam.
///
/// Source: Loshchilov and Hutter, Decoupled weight decay regularization (2019), algorithm 2, with the
/// schedule's multiplier in r as in PyTorch.
template <class T>
class AdamW : public OptimizerOf<T, AdamWOptions> {
 public:
  using OptimizerOf<T, AdamWOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, AdamOptions>;
extern template class OptimizerOf<double, AdamOptions>;
extern template class OptimizerOf<float, AdamWOptions>;
extern template class OptimizerOf<double, AdamWOptions>;

}  // namespace xtape::optim
#pragma GCC visibility pop
