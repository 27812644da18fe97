// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/dropout.hpp"

#include "arrays/format.hpp"
#include "xtape/ops/dropout.hpp"

namespace xtape::nn {

template <class T>
Dropout<T>::Dropout(double probability, Random& random) : probability_(probability), random_(random) {
  if (!(probability >= 0 && probability < 1))
    fail<ArgumentError>("Dropout: probability must be in [0, 1), got {}", probability);
}

template <class T>
Variable<T> Dropout<T>::forward(Variable<T> x) {
  return this->is_training() ? dropout(x, probability_, random_) : x;
}

template class Dropout<float>;
template class Dropout<double>;

}  // namespace xtape::nn
