// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/optim/optimizer.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Options of RMSprop.
struct RMSpropOptions {
  double learning_rate = 1e-2;  ///< r, from 0
  double alpha = 0.99;          ///< in [0, 1)
  double epsilon = 1e-8;        ///< above 0
  double weight_decay = 0;      ///< w, from 0
  double momentum = 0;          ///< in [0, 1)
  bool centered = false;        ///< whether to subtract the mean squared
};

/// Steps scaled by the root of a moving mean of squares. With gradient g, weight decay w and learning rate r:
///
/// @f[
///   s = g + w x \qquad
///   q \gets \alpha q + (1 - \alpha) s^2 \qquad
///   a = s / (\sqrt q + \epsilon) \qquad
///   x \gets x - r a
/// @f]
///
/// or with a momentum m
///
/// @f[ v \gets m v + a \qquad x \gets x - r v @f]
///
/// centered: the root is that of the variance, with a moving mean n:
///
/// @f[ n \gets \alpha n + (1 - \alpha) s \qquad a = s / (\sqrt{q - n^2} + \epsilon) @f]
///
/// Where the gradient is sparse, rows without one stay as they are, with their q, v and n.
///
/// Where rounding leaves less than 0 of the variance, it counts as 0, where PyTorch gives NaN.
///
/// @throws ArgumentError  alpha or momentum outside [0, 1), epsilon not above 0, weight_decay negative or not
///                        finite, or as Optimizer.
///
/// Source: Tieleman and Hinton, Neural networks for machine learning (2012), lecture 6e; centered: Graves,
/// Generating sequences with recurrent neural networks (2013), equations 38 to 42. As in PyTorch.
template <class T>
class RMSprop : public OptimizerOf<T, RMSpropOptions> {
 public:
  using OptimizerOf<T, RMSpropOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, RMSpropOptions>;
extern template class OptimizerOf<double, RMSpropOptions>;

}  // namespace xtape::optim
#pragma GCC visibility pop
