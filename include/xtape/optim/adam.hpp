// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "xtape/core/array.hpp"
#include "xtape/optim/optimizer.hpp"

namespace xtape::optim {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

/// Adam. In step t, with gradient g and learning rate r:
///
///   m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2
///   x <- x - r (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// @throws ArgumentError  beta1 or beta2 outside [0, 1), epsilon not above 0, or as Optimizer.
///
/// Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1.
template <class T>
class Adam : public Optimizer<T> {
 public:
  explicit Adam(std::vector<Parameter<T>*> parameters, const AdamOptions& options = {});
  void step() override;

 private:
  AdamOptions options_;
  std::uint64_t steps_ = 0;
  std::vector<Array<T>> first_moments_;
  std::vector<Array<T>> second_moments_;
};

extern template class Adam<float>;
extern template class Adam<double>;

}  // namespace xtape::optim
