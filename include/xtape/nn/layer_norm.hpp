// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>

#include "xtape/nn/module.hpp"
#include "xtape/ops/normalization.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// Options of LayerNorm.
struct LayerNormOptions {
  double epsilon = 1e-5;  ///< added to the variance; from 0
  bool weight = true;     ///< whether to multiply by a weight, which begins at 1
  bool bias = true;       ///< whether to add a bias, which begins at 0; only with a weight
};

/// layer_norm over the last axes: `LayerNorm<float> norm({64})` takes (..., 64).
template <class T>
class LayerNorm : public Module<T> {
 public:
  /// @throws ArgumentError  normalized_shape has no axes or no elements, there is a bias without a weight, or
  ///                        epsilon is negative or not finite.
  explicit LayerNorm(const Shape& normalized_shape, const LayerNormOptions& options = {});
  /// As one that gave this by config() was made. (A template, lest braces be taken for a config.)
  template <std::same_as<Config> Made>
  explicit LayerNorm(const Made& config)
      : LayerNorm(config.shape("normalized_shape"), {.epsilon = config.number("epsilon"),
                                                     .weight = config.flag("weight"),
                                                     .bias = config.flag("bias")}) {}

  Variable<T> forward(Variable<T> x) override;
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
  Config config() const override;

  Parameter<T> weight;  ///< (normalized axes); (0) without weight
  Parameter<T> bias;    ///< (normalized axes); (0) without bias

 private:
  Shape normalized_shape_;
  LayerNormOptions options_;
};

extern template class LayerNorm<float>;
extern template class LayerNorm<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
