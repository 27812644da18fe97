// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "xtape/autograd/parameter.hpp"

namespace xtape::optim {

/// Changes parameters along their gradients. The loop of training:
///
///     loss.backward();
///     optimizer.step();
///     optimizer.zero_grad();
template <class T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One update of every parameter from the gradient it has now.
  virtual void step() = 0;

  void zero_grad() {
    for (Parameter<T>* parameter : parameters_) parameter->zero_grad();
  }

  double learning_rate() const noexcept { return learning_rate_; }

  /// @throws ArgumentError  it is negative, infinite or NaN.
  void set_learning_rate(double learning_rate);

 protected:
  /// @param name  of the optimizer, for messages.
  /// @throws ArgumentError  no parameters, one of them twice or null, or a learning rate as above.
  Optimizer(const char* name, std::vector<Parameter<T>*> parameters, double learning_rate);

  const std::vector<Parameter<T>*>& parameters() const noexcept { return parameters_; }

 private:
  const char* name_;
  std::vector<Parameter<T>*> parameters_;
  double learning_rate_ = 0;
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace xtape::optim
