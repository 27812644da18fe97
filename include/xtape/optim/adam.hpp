// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "xtape/optim/optimizer.hpp"

#pragma GCC visibility push(default)
namespace xtape::optim {

/// Options of Adam.
struct AdamOptions {
  double learning_rate = 1e-3;  ///< r, from 0
  double beta1 = 0.9;           ///< in [0, 1)
  double beta2 = 0.999;         ///< in [0, 1)
  double epsilon = 1e-8;        ///< above 0
  double weight_decay = 0;      ///< w, from 0
};

/// Options of AdamW.
struct AdamWOptions {
  double learning_rate = 1e-3;  ///< r, from 0
  double beta1 = 0.9;           ///< in [0, 1)
  double beta2 = 0.999;         ///< in [0, 1)
  double epsilon = 1e-8;        ///< above 0
  double weight_decay = 1e-2;   ///< w, from 0
};

/// What Adam and AdamW have in common: all but where the weight decay goes.
template <class T, class Options>
class AdamOptimizer : public Optimizer<T> {
 public:
  /// Parameters with options of their own.
  using Group = ParameterGroup<T, Options>;

  /// One group.
  explicit AdamOptimizer(std::vector<Parameter<T>*> parameters, const Options& options = {})
      : AdamOptimizer({Group{std::move(parameters), options}}) {}
  /// Groups in braces.
  explicit AdamOptimizer(std::initializer_list<Group> groups)
      : AdamOptimizer(std::span(groups.begin(), groups.size())) {}
  /// Any number of groups.
  explicit AdamOptimizer(std::span<const Group> groups);

  /// One update of every parameter.
  void step() override;

 private:
  std::vector<Options> options_;  // of each group
};

/// Steps scaled by moving means of the gradient and of its square. In step t, with gradient g, weight decay w
/// and learning rate r:
///
/// @f[
///   s = g + w x \qquad
///   m \gets \beta_1 m + (1 - \beta_1) s \qquad
///   v \gets \beta_2 v + (1 - \beta_2) s^2
/// @f]
/// @f[
///   x \gets x - r \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}
/// @f]
///
/// The decay is the gradient of w |x|^2 / 2 and is scaled by the moments like any other; see AdamW.
/// @throws ArgumentError  beta1 or beta2 outside [0, 1), epsilon not above 0, weight_decay negative or not
///                        finite, or as Optimizer.
///
/// Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1.
template <class T>
class Adam : public AdamOptimizer<T, AdamOptions> {
 public:
  using AdamOptimizer<T, AdamOptions>::AdamOptimizer;
};

/// Adam with decoupled weight decay. With weight decay w, learning rate r and Adam's change d of a step
/// without decay:
///
/// @f[ x \gets (1 - r w) x + d @f]
///
/// @throws ArgumentError  as Adam.
///
/// Source: Loshchilov and Hutter, Decoupled weight decay regularization (2019), algorithm 2, with the
/// schedule's multiplier in r as in PyTorch.
template <class T>
class AdamW : public AdamOptimizer<T, AdamWOptions> {
 public:
  using AdamOptimizer<T, AdamWOptions>::AdamOptimizer;
};

extern template class AdamOptimizer<float, AdamOptions>;
extern template class AdamOptimizer<double, AdamOptions>;
extern template class AdamOptimizer<float, AdamWOptions>;
extern template class AdamOptimizer<double, AdamWOptions>;

}  // namespace xtape::optim
#pragma GCC visibility pop
