// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/nn/initializers.hpp"
#include "xtape/nn/module.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// Options of Linear.
template <class T>
struct LinearOptions {
  bool bias = true;  ///< whether to add a bias, which begins at 0
  /// Sets the first weights; biases begin at 0.
  void (*initializer)(ArrayView<T> weight, Random& random) = he_uniform<T>;
};

/// A fully connected layer: (..., in) to (..., out), x weight^T + bias.
template <class T>
class Linear : public Module<T> {
 public:
  /// @throws ArgumentError  in or out is 0.
  Linear(std::size_t in, std::size_t out, Random& random, const LinearOptions<T>& options = {});
  /// As one that gave this by config() was made.
  explicit Linear(const Config& config);

  Variable<T> forward(Variable<T> x) final;
  Variable<T> forward_relu(Variable<T> x) final;
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
  Config config() const override;

  Parameter<T> weight;  ///< (out, in)
  Parameter<T> bias;    ///< (out); (0) without bias
};

extern template class Linear<float>;
extern template class Linear<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
