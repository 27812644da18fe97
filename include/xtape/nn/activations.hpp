// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/nn/module.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::nn {

// The operations of the same name as modules, for Sequential.

template <class T>
struct Relu : Module<T> {
  Variable<T> forward(Variable<T> x) override { return relu(x); }
};

template <class T>
struct Tanh : Module<T> {
  Variable<T> forward(Variable<T> x) override { return tanh(x); }
};

template <class T>
struct Sigmoid : Module<T> {
  Variable<T> forward(Variable<T> x) override { return sigmoid(x); }
};

template <class T>
struct Softplus : Module<T> {
  Variable<T> forward(Variable<T> x) override { return softplus(x); }
};

template <class T>
struct Gelu : Module<T> {
  Variable<T> forward(Variable<T> x) override { return gelu(x); }
};

template <class T>
struct Silu : Module<T> {
  Variable<T> forward(Variable<T> x) override { return silu(x); }
};

template <class T>
struct LeakyRelu : Module<T> {
  explicit LeakyRelu(T negative_slope = static_cast<T>(0.01)) : slope(negative_slope) {}
  Variable<T> forward(Variable<T> x) override { return leaky_relu(x, slope); }

  T slope;
};

template <class T>
struct Elu : Module<T> {
  explicit Elu(T scale = 1) : alpha(scale) {}
  Variable<T> forward(Variable<T> x) override { return elu(x, alpha); }

  T alpha;
};

}  // namespace xtape::nn
