// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/nn/module.hpp"
#include "xtape/ops/elementwise.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

// The operations of the same name as modules, for Sequential.

/// relu as a module; computed together with a Linear before it.
template <class T>
struct Relu : Module<T> {
  Variable<T> forward(Variable<T> x) override { return relu(x); }
};

/// tanh as a module.
template <class T>
struct Tanh : Module<T> {
  Variable<T> forward(Variable<T> x) override { return tanh(x); }
};

/// sigmoid as a module.
template <class T>
struct Sigmoid : Module<T> {
  Variable<T> forward(Variable<T> x) override { return sigmoid(x); }
};

/// softplus as a module.
template <class T>
struct Softplus : Module<T> {
  Variable<T> forward(Variable<T> x) override { return softplus(x); }
};

/// gelu as a module.
template <class T>
struct Gelu : Module<T> {
  Variable<T> forward(Variable<T> x) override { return gelu(x); }
};

/// silu as a module.
template <class T>
struct Silu : Module<T> {
  Variable<T> forward(Variable<T> x) override { return silu(x); }
};

/// hard_swish as a module.
template <class T>
struct HardSwish : Module<T> {
  Variable<T> forward(Variable<T> x) override { return hard_swish(x); }
};

/// leaky_relu as a module.
template <class T>
struct LeakyRelu : Module<T> {
  /// With the slope of leaky_relu.
  explicit LeakyRelu(T negative_slope = static_cast<T>(0.01)) : slope(negative_slope) {}
  Variable<T> forward(Variable<T> x) override { return leaky_relu(x, slope); }

  T slope;  ///< of what is below 0
};

/// elu as a module.
template <class T>
struct Elu : Module<T> {
  /// With the alpha of elu.
  explicit Elu(T scale = 1) : alpha(scale) {}
  Variable<T> forward(Variable<T> x) override { return elu(x, alpha); }

  T alpha;  ///< the value falls to -alpha
};

}  // namespace xtape::nn
#pragma GCC visibility pop
