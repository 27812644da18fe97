// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "xtape/core/array.hpp"
#include "xtape/optim/optimizer.hpp"

namespace xtape::optim {

struct SGDOptions {
  double learning_rate = 1e-2;
  double momentum = 0;
};

/// Stochastic gradient descent. With gradient g, velocity v, momentum m and learning rate r:
///
///   v <- m v + g (v = g in the first step);  x <- x - r v
///
/// as in PyTorch.
/// @throws ArgumentError  momentum outside [0, 1), or as Optimizer.
template <class T>
class SGD : public Optimizer<T> {
 public:
  explicit SGD(std::vector<Parameter<T>*> parameters, const SGDOptions& options = {});
  void step() override;

 private:
  double momentum_;
  std::vector<Array<T>> velocities_;
};

extern template class SGD<float>;
extern template class SGD<double>;

}  // namespace xtape::optim
