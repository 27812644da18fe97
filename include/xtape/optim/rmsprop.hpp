// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "xtape/optim/optimizer.hpp"

namespace xtape::optim {

struct RMSpropOptions {
  double learning_rate = 1e-2;
  double alpha = 0.99;
  double epsilon = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;
};

/// Steps scaled by the root of a moving mean of squares. With gradient g, weight decay w and learning rate r:
///
///   s = g + w x;  q <- alpha q + (1 - alpha) s^2;  a = s / (sqrt(q) + epsilon)
///   x <- x - r a, or with a momentum  v <- momentum v + a;  x <- x - r v
///
/// centered: the root is that of the variance q - m^2, with m <- alpha m + (1 - alpha) s. Where rounding
/// leaves less than 0 of it, it counts as 0, where PyTorch gives NaN.
/// @throws ArgumentError  alpha or momentum outside [0, 1), epsilon not above 0, weight_decay negative or not
///                        finite, or as Optimizer.
///
/// Source: Tieleman and Hinton, Neural networks for machine learning (2012), lecture 6e; centered: Graves,
/// Generating sequences with recurrent neural networks (2013), equations 38 to 42. As in PyTorch.
template <class T>
class RMSprop : public Optimizer<T> {
 public:
  using Group = ParameterGroup<T, RMSpropOptions>;

  explicit RMSprop(std::vector<Parameter<T>*> parameters, const RMSpropOptions& options = {})
      : RMSprop({Group{std::move(parameters), options}}) {}
  explicit RMSprop(std::initializer_list<Group> groups) : RMSprop(std::span(groups.begin(), groups.size())) {}
  explicit RMSprop(std::span<const Group> groups);

  void step() override;

 private:
  std::vector<RMSpropOptions> options_;  // of each group
};

extern template class RMSprop<float>;
extern template class RMSprop<double>;

}  // namespace xtape::optim
