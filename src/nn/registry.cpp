// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/registry.hpp"

#include <map>
#include <mutex>
#include <type_traits>
#include <typeinfo>

#include "arrays/format.hpp"
#include "nn/type_info.hpp"
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

// A class, and how one of it is made.
template <class T>
struct ModuleClass {
  detail::MakeModule<T> make;
  const std::type_info* type;  // null: of a program that has none
};

template <class Layer, class T>
ModuleClass<T> class_of() {
  return {[](const Config& config) -> std::unique_ptr<Module<T>> { return std::make_unique<Layer>(config); },
          &typeid(Layer)};
}

template <class T>
struct Registry {
  std::mutex mutex;
  std::map<std::string, ModuleClass<T>> classes{{"AvgPool2d", class_of<AvgPool2d<T>, T>()},
                                                {"BatchNorm1d", class_of<BatchNorm1d<T>, T>()},
                                                {"BatchNorm2d", class_of<BatchNorm2d<T>, T>()},
                                                {"Conv2d", class_of<Conv2d<T>, T>()},
                                                {"Dropout", class_of<Dropout<T>, T>()},
                                                {"Elu", class_of<Elu<T>, T>()},
                                                {"Embedding", class_of<Embedding<T>, T>()},
                                                {"Flatten", class_of<Flatten<T>, T>()},
                                                {"Gelu", class_of<Gelu<T>, T>()},
                                                {"HardSwish", class_of<HardSwish<T>, T>()},
                                                {"LayerNorm", class_of<LayerNorm<T>, T>()},
                                                {"LeakyRelu", class_of<LeakyRelu<T>, T>()},
                                                {"Linear", class_of<Linear<T>, T>()},
                                                {"MaxPool2d", class_of<MaxPool2d<T>, T>()},
                                                {"Ordinal", class_of<Ordinal<T>, T>()},
                                                {"Relu", class_of<Relu<T>, T>()},
                                                {"Sequential", class_of<Sequential<T>, T>()},
                                                {"Sigmoid", class_of<Sigmoid<T>, T>()},
                                                {"Silu", class_of<Silu<T>, T>()},
                                                {"Softplus", class_of<Softplus<T>, T>()},
                                                {"Tanh", class_of<Tanh<T>, T>()}};
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
  return all.classes.contains(name);
}

}  // namespace

template <class T>
void detail::register_module(const std::string& name, MakeModule<T> make, const std::type_info* type) {
  Registry<T>& all = registry<T>();
  const std::lock_guard lock(all.mutex);
  const auto [place, is_new] = all.classes.emplace(name, ModuleClass<T>{make, type});
  if (is_new || place->second.make == make) return;
  fail<ArgumentError>("register_module: a name must belong to one class, got '{}' for another", name);
}

template <class T>
std::unique_ptr<Module<T>> make_module(const ModuleConfig& description) {
  Registry<T>& all = registry<T>();
  detail::MakeModule<T> make = nullptr;
  {
    const std::lock_guard lock(all.mutex);
    const auto place = all.classes.find(description.type);
    if (place != all.classes.end()) make = place->second.make;
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

template <class T>
void detail::require_own_names(const char* function, Module<T>& model) {
  for (const auto& [name, module] : model.named_modules()) {
    Registry<T>& all = registry<T>();
    const std::string type = module->type_name();
    const std::lock_guard lock(all.mutex);
    const auto place = all.classes.find(type);
    const bool is_known =
        place != all.classes.end() && place->second.type != nullptr && has_type_info(module);
    if (!is_known || *place->second.type == typeid(*module)) continue;
    fail<ArgumentError>(
        "{0}: a module must be of the class that its name stands for, got another '{1}' as '{2}'; rename it, "
        "and write nn::register_module under that name",
        function, type, name);
  }
}

template void detail::register_module(const std::string&, MakeModule<float>, const std::type_info*);
template void detail::register_module(const std::string&, MakeModule<double>, const std::type_info*);
template void detail::require_own_names(const char*, Module<float>&);
template void detail::require_own_names(const char*, Module<double>&);
template std::unique_ptr<Module<float>> make_module(const ModuleConfig&);
template std::unique_ptr<Module<double>> make_module(const ModuleConfig&);

}  // namespace xtape::nn
#pragma GCC visibility pop
