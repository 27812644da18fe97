// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/dropout.hpp"

#include "arrays/format.hpp"
#include "xtape/autograd/shard.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/ops/dropout.hpp"

namespace xtape::nn {

template <class T>
Dropout<T>::Dropout(double probability, Random& random) : probability_(probability), random_(random) {
  if (!(probability >= 0 && probability < 1))
    fail<ArgumentError>("Dropout: probability must be in [0, 1), got {}", probability);
}

template <class T>
Variable<T> Dropout<T>::forward(Variable<T> x) {
  if (!this->is_training()) return x;
  Shard<T>* const shard = x.tape().shard();
  return dropout(x, probability_, shard != nullptr ? shard->random : random_);
}

template class Dropout<float>;
template class Dropout<double>;

}  // namespace xtape::nn
