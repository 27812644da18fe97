// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/nn/module.hpp"
#include "xtape/ops/pooling.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

// The operations of the same name as modules.

/// max_pool2d as a module; computed together with a Conv2d and a Relu before it.
template <class T>
class MaxPool2d : public Module<T> {
 public:
  /// As max_pool2d, whose errors the call throws.
  explicit MaxPool2d(Size2d kernel, const MaxPool2dOptions& options = {})
      : kernel_(kernel), options_(options) {}
  /// As one that gave this by config() was made.
  explicit MaxPool2d(const Config& config);
  Variable<T> forward(Variable<T> x) override { return max_pool2d(x, kernel_, options_); }
  /// This of relu of another module.
  Variable<T> forward_after_relu(Module<T>& module, Variable<T> x) const {
    return module.forward_relu_max_pool2d(x, kernel_, options_);
  }
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
  Config config() const override;

 private:
  Size2d kernel_;
  MaxPool2dOptions options_;
};

/// avg_pool2d as a module.
template <class T>
class AvgPool2d : public Module<T> {
 public:
  /// As avg_pool2d, whose errors the call throws.
  explicit AvgPool2d(Size2d kernel, const AvgPool2dOptions& options = {})
      : kernel_(kernel), options_(options) {}
  /// As one that gave this by config() was made.
  explicit AvgPool2d(const Config& config);
  Variable<T> forward(Variable<T> x) override { return avg_pool2d(x, kernel_, options_); }
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
  Config config() const override;

 private:
  Size2d kernel_;
  AvgPool2dOptions options_;
};

extern template class MaxPool2d<float>;
extern template class MaxPool2d<double>;
extern template class AvgPool2d<float>;
extern template class AvgPool2d<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
