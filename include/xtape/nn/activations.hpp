// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/nn/module.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

namespace detail {
// What modules of functions without a parameter have in common.
template <class T, operations::Function function>
struct ActivationModule : Module<T> {
  ActivationModule() = default;
  explicit ActivationModule(const Config&) {}

  GraphValue add_to(Graph<T>& graph, GraphValue x) const override {
    return graph.apply(operations::Activation<T>{function}, {x});
  }
  Config config() const override { return {}; }
};
}  // namespace detail

// The operations of the same name as modules, for Sequential.

/// relu as a module; computed together with a Linear or Conv2d before it.
template <class T>
struct Relu : detail::ActivationModule<T, operations::Function::relu> {
  using detail::ActivationModule<T, operations::Function::relu>::ActivationModule;
  Variable<T> forward(Variable<T> x) override { return relu(x); }
};

/// tanh as a module.
template <class T>
struct Tanh : detail::ActivationModule<T, operations::Function::tanh> {
  using detail::ActivationModule<T, operations::Function::tanh>::ActivationModule;
  Variable<T> forward(Variable<T> x) override { return tanh(x); }
};

/// sigmoid as a module.
template <class T>
struct Sigmoid : detail::ActivationModule<T, operations::Function::sigmoid> {
  using detail::ActivationModule<T, operations::Function::sigmoid>::ActivationModule;
  Variable<T> forward(Variable<T> x) override { return sigmoid(x); }
};

/// softplus as a module.
template <class T>
struct Softplus : detail::ActivationModule<T, operations::Function::softplus> {
  using detail::ActivationModule<T, operations::Function::softplus>::ActivationModule;
  Variable<T> forward(Variable<T> x) override { return softplus(x); }
};

/// gelu as a module.
template <class T>
struct Gelu : detail::ActivationModule<T, operations::Function::gelu> {
  using detail::ActivationModule<T, operations::Function::gelu>::ActivationModule;
  Variable<T> forward(Variable<T> x) override { return gelu(x); }
};

/// silu as a module.
template <class T>
struct Silu : detail::ActivationModule<T, operations::Function::silu> {
  using detail::ActivationModule<T, operations::Function::silu>::ActivationModule;
  Variable<T> forward(Variable<T> x) override { return silu(x); }
};

/// hard_swish as a module.
template <class T>
struct HardSwish : detail::ActivationModule<T, operations::Function::hard_swish> {
  using detail::ActivationModule<T, operations::Function::hard_swish>::ActivationModule;
  Variable<T> forward(Variable<T> x) override { return hard_swish(x); }
};

/// leaky_relu as a module.
template <class T>
struct LeakyRelu : Module<T> {
  /// With the slope of leaky_relu.
  explicit LeakyRelu(T negative_slope = static_cast<T>(0.01)) : slope(negative_slope) {}
  /// As one that gave this by config() was made.
  explicit LeakyRelu(const Config& config) : LeakyRelu(static_cast<T>(config.number("slope"))) {}
  Variable<T> forward(Variable<T> x) override { return leaky_relu(x, slope); }
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override {
    return graph.apply(operations::Activation<T>{operations::Function::leaky_relu, slope}, {x});
  }
  Config config() const override { return Config().set("slope", slope); }

  T slope;  ///< of what is below 0
};

/// elu as a module.
template <class T>
struct Elu : Module<T> {
  /// With the alpha of elu.
  explicit Elu(T scale = 1) : alpha(scale) {}
  /// As one that gave this by config() was made.
  explicit Elu(const Config& config) : Elu(static_cast<T>(config.number("alpha"))) {}
  Variable<T> forward(Variable<T> x) override { return elu(x, alpha); }
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override {
    return graph.apply(operations::Activation<T>{operations::Function::elu, alpha}, {x});
  }
  Config config() const override { return Config().set("alpha", alpha); }

  T alpha;  ///< the value falls to -alpha
};

}  // namespace xtape::nn
#pragma GCC visibility pop
