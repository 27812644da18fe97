// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/nn/module.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// All axes but the first as one: (batch, ...) to (batch, features).
template <class T>
class Flatten : public Module<T> {
 public:
  Flatten() = default;
  /// As one that gave this by config() was made.
  explicit Flatten(const Config&) {}

  /// @throws ShapeError  x has fewer than two axes.
  Variable<T> forward(Variable<T> x) override;
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
  Config config() const override;
};

extern template class Flatten<float>;
extern template class Flatten<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
