// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/optim/optimizer.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Options of Lion. It takes learning rates 3 to 10 times smaller than AdamW, and as many times more weight
/// decay.
struct LionOptions {
  double learning_rate = 1e-4;  ///< r, from 0
  double beta1 = 0.9;           ///< in [0, 1): the momentum of the step
  double beta2 = 0.99;          ///< in [0, 1): the momentum that is kept
  double weight_decay = 0;      ///< w, from 0; apart from the gradient, as AdamW has it
};

/// Steps of one length, by the sign of a mix of gradient and momentum. With gradient g, weight decay w and
/// learning rate r:
///
/// @f[
///   c = \beta_1 m + (1 - \beta_1) g \qquad
///   x \gets x - r (\operatorname{sign} c + w x) \qquad
///   m \gets \beta_2 m + (1 - \beta_2) g
/// @f]
///
/// where the sign of 0 is 0, and that of NaN is NaN. Where the gradient is sparse, rows without one stay as
/// they are, with their m.
///
/// @throws ArgumentError  beta1 or beta2 outside [0, 1), weight_decay negative or not finite, or as
/// Optimizer.
///
/// Source: Chen et al., Symbolic discovery of optimization algorithms, arXiv 2302.06675, program 1.
template <class T>
class Lion : public OptimizerOf<T, LionOptions> {
 public:
  using OptimizerOf<T, LionOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, LionOptions>;
extern template class OptimizerOf<double, LionOptions>;

}  // namespace xtape::optim
#pragma GCC visibility pop
