// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

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
/// as in PyTorch.
/// @throws ArgumentError  learning_rate_decay, weight_decay or initial_accumulator negative or not finite,
///                        epsilon not above 0, or as Optimizer.
///
/// Source: Duchi, Hazan and Singer, Adaptive subgradient methods for online learning and stochastic
/// optimization, JMLR 2011.
template <class T>
class Adagrad : public Optimizer<T> {
 public:
  /// Parameters with options of their own.
  using Group = ParameterGroup<T, AdagradOptions>;

  /// One group.
  explicit Adagrad(std::vector<Parameter<T>*> parameters, const AdagradOptions& options = {})
      : Adagrad({Group{std::move(parameters), options}}) {}
  /// Groups in braces.
  explicit Adagrad(std::initializer_list<Group> groups) : Adagrad(std::span(groups.begin(), groups.size())) {}
  /// Any number of groups.
  explicit Adagrad(std::span<const Group> groups);

  void step() override;

 private:
  std::vector<AdagradOptions> options_;  // of each group
};

extern template class Adagrad<float>;
extern template class Adagrad<double>;

}  // namespace xtape::optim
#pragma GCC visibility pop
