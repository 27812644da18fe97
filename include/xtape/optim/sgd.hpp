// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/optim/optimizer.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Options of SGD.
struct SGDOptions {
  double learning_rate = 1e-2;  ///< r, from 0
  double momentum = 0;          ///< m, in [0, 1)
  double weight_decay = 0;      ///< w, from 0
  bool nesterov = false;        ///< whether to look a step ahead; needs a momentum
};

/// Stochastic gradient descent. With gradient g, velocity v, momentum m, weight decay w and learning rate r:
///
/// @f[ s = g + w x \qquad v \gets m v + s \qquad x \gets x - r v @f]
///
/// or with nesterov
///
/// @f[ x \gets x - r (s + m v) @f]
///
/// as in PyTorch, without dampening; v is s in the first step.
/// @throws ArgumentError  momentum outside [0, 1), weight_decay negative or not finite, nesterov without a
///                        momentum, or as Optimizer.
///
/// Source: Sutskever et al., On the importance of initialization and momentum in deep learning (2013).
template <class T>
class SGD : public OptimizerOf<T, SGDOptions> {
 public:
  using OptimizerOf<T, SGDOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, SGDOptions>;
extern template class OptimizerOf<double, SGDOptions>;

}  // namespace xtape::optim
#pragma GCC visibility pop
