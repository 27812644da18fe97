// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/sequential.hpp"

#include <string>
#include <utility>
#include <vector>

#include "xtape/nn/registry.hpp"

namespace xtape::nn {

template <class T>
Variable<T> Sequential<T>::forward(Variable<T> x) {
  const auto is_relu = [this](std::size_t i) { return i < layers_.size() && layers_[i].is_relu; };
  const auto max_pool = [this](std::size_t i) { return i < layers_.size() ? layers_[i].max_pool : nullptr; };
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Module<T>& module = *layers_[i].module;
    if (!is_relu(i + 1) || this->is_observed()) {
      x = module(x);
    } else if (max_pool(i + 2) == nullptr) {
      x = module.forward_relu(x);
      i += 1;
    } else {
      x = max_pool(i + 2)->forward_after_relu(module, x);
      i += 2;
    }
  }
  return x;
}

template <class T>
Sequential<T>::Sequential(const Config& config) {
  for (const ModuleConfig& layer : config.modules("layers")) {
    auto module = make_module<T>(layer);
    const auto* const max_pool =
        layer.type == "MaxPool2d" ? static_cast<const MaxPool2d<T>*>(module.get()) : nullptr;
    append(std::move(module), layer.type == "Relu", max_pool);
  }
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
void Sequential<T>::append(std::unique_ptr<Module<T>> module, bool is_relu, const MaxPool2d<T>* max_pool) {
  // A child that is known must not be lost.
  if (layers_.size() == layers_.capacity()) layers_.reserve(2 * layers_.size() + 1);
  Module<T>::add(std::to_string(layers_.size()), *module);
  layers_.push_back({std::move(module), is_relu, max_pool});
}

template class Sequential<float>;
template class Sequential<double>;

}  // namespace xtape::nn
