// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "xtape/optim/optimizer.hpp"

namespace xtape::optim {

struct SGDOptions {
  double learning_rate = 1e-2;
  double momentum = 0;
  double weight_decay = 0;
  bool nesterov = false;
};

/// Stochastic gradient descent. With gradient g, velocity v, momentum m, weight decay w and learning rate r:
///
///   s = g + w x;  v <- m v + s (v = s in the first step)
///   x <- x - r v, or with nesterov  x <- x - r (s + m v)
///
/// as in PyTorch, without dampening.
/// @throws ArgumentError  momentum outside [0, 1), weight_decay negative or not finite, nesterov without a
///                        momentum, or as Optimizer.
///
/// Source: Sutskever et al., On the importance of initialization and momentum in deep learning (2013).
template <class T>
class SGD : public Optimizer<T> {
 public:
  using Group = ParameterGroup<T, SGDOptions>;

  explicit SGD(std::vector<Parameter<T>*> parameters, const SGDOptions& options = {})
      : SGD({Group{std::move(parameters), options}}) {}
  explicit SGD(std::initializer_list<Group> groups) : SGD(std::span(groups.begin(), groups.size())) {}
  explicit SGD(std::span<const Group> groups);

  void step() override;

 private:
  std::vector<SGDOptions> options_;  // of each group
};

extern template class SGD<float>;
extern template class SGD<double>;

}  // namespace xtape::optim
