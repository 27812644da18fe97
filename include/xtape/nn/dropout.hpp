// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "xtape/nn/module.hpp"
#include "xtape/random/random.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

/// dropout(x, probability, random) in training, and x in evaluation. Keeps the address of the random numbers,
/// which belong to the caller, so that all that is drawn in training comes of one state: that of one thread
/// at a time.
template <class T>
class Dropout : public Module<T> {
 public:
  /// @throws ArgumentError  the probability is not in [0, 1).
  Dropout(double probability, Random& random);
  /// As one that gave this by config() was made, but for its random numbers, which are its own:
  /// each that is made draws others.
  explicit Dropout(const Config& config);

  Variable<T> forward(Variable<T> x) override;
  GraphValue add_to(Graph<T>& graph, GraphValue x) const override;
  Config config() const override;

 private:
  double probability_;
  std::optional<Random> own_;
  Random& random_;
};

extern template class Dropout<float>;
extern template class Dropout<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
