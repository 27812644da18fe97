// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/registry.hpp"

#include <map>
#include <mutex>
#include <type_traits>

#include "arrays/format.hpp"
#include "xtape/nn/activations.hpp"
#include "xtape/nn/batch_norm.hpp"
#include "xtape/nn/conv2d.hpp"
#include "xtape/nn/dropout.hpp"
#include "xtape/nn/embedding.hpp"
#include "xtape/nn/flatten.hpp"
#include "xtape/nn/layer_norm.hpp"
#include "xtape/nn/linear.hpp"
#include "xtape/nn/ordinal.hpp"
#include "xtape/nn/pooling.hpp"
#include "xtape/nn/sequential.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {
namespace {

template <class Layer, class T>
std::unique_ptr<Module<T>> make(const Config& config) {
  return std::make_unique<Layer>(config);
}

template <class T>
using Makers = std::map<std::string, detail::MakeModule<T>>;

template <class T>
struct Registry {
  std::mutex mutex;
  Makers<T> makers{{"AvgPool2d", make<AvgPool2d<T>, T>},
                   {"BatchNorm1d", make<BatchNorm1d<T>, T>},
                   {"BatchNorm2d", make<BatchNorm2d<T>, T>},
                   {"Conv2d", make<Conv2d<T>, T>},
                   {"Dropout", make<Dropout<T>, T>},
                   {"Elu", make<Elu<T>, T>},
                   {"Embedding", make<Embedding<T>, T>},
                   {"Flatten", make<Flatten<T>, T>},
                   {"Gelu", make<Gelu<T>, T>},
                   {"HardSwish", make<HardSwish<T>, T>},
                   {"LayerNorm", make<LayerNorm<T>, T>},
                   {"LeakyRelu", make<LeakyRelu<T>, T>},
                   {"Linear", make<Linear<T>, T>},
                   {"MaxPool2d", make<MaxPool2d<T>, T>},
                   {"Ordinal", make<Ordinal<T>, T>},
                   {"Relu", make<Relu<T>, T>},
                   {"Sequential", make<Sequential<T>, T>},
                   {"Sigmoid", make<Sigmoid<T>, T>},
                   {"Silu", make<Silu<T>, T>},
                   {"Softplus", make<Softplus<T>, T>},
                   {"Tanh", make<Tanh<T>, T>}};
};

// Made by whoever comes first, be it before main.
template <class T>
Registry<T>& registry() {
  static Registry<T> registry;
  return registry;
}

template <class T>
bool is_registered(const std::string& name) {
  Registry<T>& all = registry<T>();
  const std::lock_guard lock(all.mutex);
  return all.makers.contains(name);
}

}  // namespace

template <class T>
void detail::register_module(const std::string& name, MakeModule<T> make) {
  Registry<T>& all = registry<T>();
  const std::lock_guard lock(all.mutex);
  const auto [place, is_new] = all.makers.emplace(name, make);
  if (is_new || place->second == make) return;
  fail<ArgumentError>("register_module: a name must belong to one class, got '{}' for another", name);
}

template <class T>
std::unique_ptr<Module<T>> make_module(const ModuleConfig& description) {
  Registry<T>& all = registry<T>();
  detail::MakeModule<T> make = nullptr;
  {
    const std::lock_guard lock(all.mutex);
    const auto place = all.makers.find(description.type);
    if (place != all.makers.end()) make = place->second;
  }
  if (make == nullptr &&
      is_registered<std::conditional_t<std::is_same_v<T, float>, double, float>>(description.type)) {
    fail<ArgumentError>(
        "make_module: a module must be registered for {0}, got '{1}' for the other type; make it a "
        "template and register {1}<{0}> too",
        std::is_same_v<T, float> ? "float" : "double", description.type);
  }
  if (make == nullptr) {
    fail<ArgumentError>(
        "make_module: a module must be of xtape or registered, got '{0}'; write "
        "nn::register_module<{0}>(\"{0}\") in this program",
        description.type);
  }
  return make(description.config);
}

template void detail::register_module(const std::string&, MakeModule<float>);
template void detail::register_module(const std::string&, MakeModule<double>);
template std::unique_ptr<Module<float>> make_module(const ModuleConfig&);
template std::unique_ptr<Module<double>> make_module(const ModuleConfig&);

}  // namespace xtape::nn
#pragma GCC visibility pop
