// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/sequential.hpp"

#include <string>
#include <utility>
#include <vector>

#include "xtape/nn/registry.hpp"

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
Sequential<T>::Sequential(const Config& config) {
  for (const ModuleConfig& layer : config.modules("layers"))
    append(make_module<T>(layer), layer.type == "Relu");
}

template <class T>
GraphValue Sequential<T>::add_to(Graph<T>& graph, GraphValue x) const {
  for (const Place& place : layers_) x = place.module->add_to(graph, x);
  return x;
}

template <class T>
Config Sequential<T>::config() const {
  std::vector<ModuleConfig> layers;
  for (const Place& place : layers_) layers.push_back(place.module->description());
  return Config().set("layers", std::move(layers));
}

template <class T>
void Sequential<T>::append(std::unique_ptr<Module<T>> module, bool is_relu) {
  // A child that is known must not be lost.
  if (layers_.size() == layers_.capacity()) layers_.reserve(2 * layers_.size() + 1);
  Module<T>::add(std::to_string(layers_.size()), *module);
  layers_.push_back({std::move(module), is_relu});
}

template class Sequential<float>;
template class Sequential<double>;

}  // namespace xtape::nn
