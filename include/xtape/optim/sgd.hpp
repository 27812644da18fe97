// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

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
class SGD : public Optimizer<T> {
 public:
  /// Parameters with options of their own.
  using Group = ParameterGroup<T, SGDOptions>;

  /// One group.
  explicit SGD(std::vector<Parameter<T>*> parameters, const SGDOptions& options = {})
      : SGD({Group{std::move(parameters), options}}) {}
  /// Groups in braces.
  explicit SGD(std::initializer_list<Group> groups) : SGD(std::span(groups.begin(), groups.size())) {}
  /// Any number of groups.
  explicit SGD(std::span<const Group> groups);

  void step() override;

 private:
  std::vector<SGDOptions> options_;  // of each group
};

extern template class SGD<float>;
extern template class SGD<double>;

}  // namespace xtape::optim
#pragma GCC visibility pop
