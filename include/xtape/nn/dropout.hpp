// SPDX-License-Identifier: BSD-3-Clause
#pragma once

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

  Variable<T> forward(Variable<T> x) override;

 private:
  double probability_;
  Random& random_;
};

extern template class Dropout<float>;
extern template class Dropout<double>;

}  // namespace xtape::nn
#pragma GCC visibility pop
