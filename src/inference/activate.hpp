// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "xtape/nn/graph.hpp"

namespace xtape::kernels {
struct Tanh;
struct Sigmoid;
struct Softplus;
struct Gelu;
struct Silu;
struct HardSwish;
struct LeakyRelu;
struct Elu;
}  // namespace xtape::kernels

namespace xtape::inference {

// An elementwise function as its kernel computes it.
template <class T>
class Activate {
 public:
  // None: what comes stays as it is.
  Activate() = default;
  explicit Activate(const nn::operations::Activation<T>& activation)
      : is_relu_(activation.function == nn::operations::Function::relu), parameter_(activation.parameter) {
    choose(activation.function);
  }

  bool is_relu() const noexcept { return is_relu_; }

  void operator()(const T* x, T* y, std::size_t n) const noexcept {
    if (value_ != nullptr) value_(x, y, n);
    if (value_of_two_ != nullptr) value_of_two_(x, y, n, parameter_);
  }

 private:
  void choose(nn::operations::Function function) {
    using enum nn::operations::Function;
    switch (function) {
      case relu:
        return use<kernels::Relu>();
      case tanh:
        return use<kernels::Tanh>();
      case sigmoid:
        return use<kernels::Sigmoid>();
      case softplus:
        return use<kernels::Softplus>();
      case gelu:
        return use<kernels::Gelu>();
      case silu:
        return use<kernels::Silu>();
      case hard_swish:
        return use<kernels::HardSwish>();
      case leaky_relu:
        return use_parameter<kernels::LeakyRelu>();
      case elu:
        return use_parameter<kernels::Elu>();
    }
  }

  template <class Function>
  void use() {
    value_ = kernels::kernel<kernels::Unary<Function>, T>().value;
  }
  template <class Function>
  void use_parameter() {
    value_of_two_ = kernels::kernel<kernels::Parametric<Function>, T>().value;
  }

  void (*value_)(const T*, T*, std::size_t) = nullptr;
  void (*value_of_two_)(const T*, T*, std::size_t, T) = nullptr;
  bool is_relu_ = false;
  T parameter_ = 0;
};

}  // namespace xtape::inference
