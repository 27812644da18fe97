// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

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
/// where the sign of 0 is 0, and that of NaN is NaN.
///
/// @throws ArgumentError  beta1 or beta2 outside [0, 1), weight_decay negative or not finite, or as
/// Optimizer.
///
/// Source: Chen et al., Symbolic discovery of optimization algorithms, arXiv 2302.06675, program 1.
template <class T>
class Lion : public Optimizer<T> {
 public:
  /// Parameters with options of their own.
  using Group = ParameterGroup<T, LionOptions>;

  /// One group.
  explicit Lion(std::vector<Parameter<T>*> parameters, const LionOptions& options = {})
      : Lion({Group{std::move(parameters), options}}) {}
  /// Groups in braces.
  explicit Lion(std::initializer_list<Group> groups) : Lion(std::span(groups.begin(), groups.size())) {}
  /// Any number of groups.
  explicit Lion(std::span<const Group> groups);

  void step() override;

 private:
  std::vector<LionOptions> options_;  // of each group
};

extern template class Lion<float>;
extern template class Lion<double>;

}  // namespace xtape::optim
#pragma GCC visibility pop
