// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/sequential.hpp"

#include <string>

namespace xtape::nn {

template <class T>
Variable<T> Sequential<T>::forward(Variable<T> x) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const bool relu_follows = i + 1 < layers_.size() && layers_[i + 1].is_relu;
    const bool at_once = relu_follows && !this->is_observed();
    x = at_once ? layers_[i++].module->forward_relu(x) : (*layers_[i].module)(x);
  }
  return x;
}

template <class T>
void Sequential<T>::append(std::unique_ptr<Module<T>> module, bool is_relu) {
  layers_.reserve(layers_.size() + 1);  // A child that is known must not be lost.
  Module<T>::add(std::to_string(layers_.size()), *module);
  layers_.push_back({std::move(module), is_relu});
}

template class Sequential<float>;
template class Sequential<double>;

}  // namespace xtape::nn
