// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/optim/optimizer.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Options of Adagrad.
struct AdagradOptions {
  double learning_rate = 1e-2;     ///< r, from 0
  double learning_rate_decay = 0;  ///< d, from 0
  double weight_decay = 0;         ///< w, from 0
  double initial_accumulator = 0;  ///< q before the first step; from 0
  double epsilon = 1e-10;          ///< above 0
};

/// Steps scaled by the root of the sum of all squares so far, which begins at initial_accumulator. In step t,
/// with gradient g, weight decay w, learning rate r and learning_rate_decay d:
///
/// @f[
///   s = g + w x \qquad
///   q \gets q + s^2 \qquad
///   x \gets x - \frac{r}{1 + (t - 1) d} \cdot \frac{s}{\sqrt q + \epsilon}
/// @f]
///
/// as in PyTorch. Where the gradient is sparse, rows without one stay as they are, as without weight decay
/// they would anyway.
/// @throws ArgumentError  learning_rate_decay, weight_decay or initial_accumulator negative or not finite,
///                        epsilon not above 0, or as Optimizer.
///
/// Source: Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and stochastic
/// optimization, JMLR 2011.
template <class T>
class Adagrad : public OptimizerOf<T, AdagradOptions> {
 public:
  using OptimizerOf<T, AdagradOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, AdagradOptions>;
extern template class OptimizerOf<double, AdagradOptions>;

}  // namespace xtape::optim
#pragma GCC visibility pop
