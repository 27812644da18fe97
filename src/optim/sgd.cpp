// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/optim/sgd.hpp"

#include <utility>

#include "core/format.hpp"

namespace xtape::optim {

template <class T>
SGD<T>::SGD(std::vector<Parameter<T>*> parameters, const SGDOptions& options)
    : Optimizer<T>("SGD", std::move(parameters), options.learning_rate), momentum_(options.momentum) {
  if (!(momentum_ >= 0 && momentum_ < 1)) {
    fail<ArgumentError>("SGD: momentum must be in [0, 1), got {}", momentum_);
  }
  if (momentum_ == 0) return;
  for (const Parameter<T>* parameter : this->parameters()) velocities_.emplace_back(parameter->shape());
}

template <class T>
void SGD<T>::step() {
  const T rate = static_cast<T>(this->learning_rate()), momentum = static_cast<T>(momentum_);
  for (std::size_t p = 0; p < this->parameters().size(); ++p) {
    Parameter<T>& parameter = *this->parameters()[p];
    T* x = parameter.values().data();
    const T* g = parameter.gradients().data();
    if (momentum_ == 0) {
      for (std::size_t i = 0; i < parameter.size(); ++i) x[i] -= rate * g[i];
      continue;
    }
    T* v = velocities_[p].data();
    for (std::size_t i = 0; i < parameter.size(); ++i) {
      v[i] = momentum * v[i] + g[i];
      x[i] -= rate * v[i];
    }
  }
}

template class SGD<float>;
template class SGD<double>;

}  // namespace xtape::optim
