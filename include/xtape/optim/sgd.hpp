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
///
/// Where the gradient is sparse, a step without momentum changes the rows that have one alone: without weight
/// decay the others would stay as they are anyway, and with it they do not decay. With a momentum a step
/// changes all rows, for v moves a row on when it has no gradient any more, and takes the time of all. So a
/// sparse gradient gives the same numbers as another but for weight decay without momentum, which PyTorch
/// refuses.
/// @throws ArgumentError  momentum outside [0, 1), weight_decay negative or not finite, nesterov without a
///                        momentum, or as Optimizer.
///
/// Source: Sutskever et al., On the importance of initialization and momentum in deep learning (2013).
/// Sparse: as PyTorch's SGD of gradients in its sparse layout.
template <class T>
class SGD : public OptimizerOf<T, SGDOptions> {
 public:
  using OptimizerOf<T, SGDOptions>::OptimizerOf;
};

extern template class OptimizerOf<float, SGDOptions>;
extern template class OptimizerOf<double, SGDOptions>;

}  // namespace xtape::optim
#pragma GCC visibility pop
