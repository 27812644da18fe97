// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "xtape/optim/optimizer.hpp"

namespace xtape::optim {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
};

/// Adam. In step t, with gradient g, weight decay w and learning rate r:
///
///   s = g + w x;  m <- beta1 m + (1 - beta1) s;  v <- beta2 v + (1 - beta2) s^2
///   x <- x - r (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// The decay is the gradient of w |x|^2 / 2 and is scaled by the moments like any other; see AdamW.
/// @throws ArgumentError  beta1 or beta2 outside [0, 1), epsilon not above 0, weight_decay negative or not
///                        finite, or as Optimizer.
///
/// Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1.
template <class T>
class Adam : public Optimizer<T> {
 public:
  using Group = ParameterGroup<T, AdamOptions>;

  explicit Adam(std::vector<Parameter<T>*> parameters, const AdamOptions& options = {})
      : Adam({Group{std::move(parameters), options}}) {}
  explicit Adam(std::initializer_list<Group> groups) : Adam(std::span(groups.begin(), groups.size())) {}
  explicit Adam(std::span<const Group> groups);

  void step() override;

 private:
  std::vector<AdamOptions> options_;  // of each group
};

struct AdamWOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-2;
};

/// Adam with decoupled weight decay. With weight decay w, learning rate r and Adam's change d of a step
/// without decay:
///
///   x <- (1 - r w) x + d
///
/// @throws ArgumentError  as Adam.
///
/// Source: Loshchilov and Hutter, Decoupled weight decay regularization (2019), algorithm 2, with the
/// schedule's multiplier in r as in PyTorch.
template <class T>
class AdamW : public Optimizer<T> {
 public:
  using Group = ParameterGroup<T, AdamWOptions>;

  explicit AdamW(std::vector<Parameter<T>*> parameters, const AdamWOptions& options = {})
      : AdamW({Group{std::move(parameters), options}}) {}
  explicit AdamW(std::initializer_list<Group> groups) : AdamW(std::span(groups.begin(), groups.size())) {}
  explicit AdamW(std::span<const Group> groups);

  void step() override;

 private:
  std::vector<AdamWOptions> options_;  // of each group
};

extern template class Adam<float>;
extern template class Adam<double>;
extern template class AdamW<float>;
extern template class AdamW<double>;

}  // namespace xtape::optim
