// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/module.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <string_view>
#include <typeindex>
#include <typeinfo>
#if __has_include(<cxxabi.h>)
#include <cxxabi.h>
#endif

#include "arrays/format.hpp"
#include "nn/type_info.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::nn {
namespace {

// "xtape::nn::Linear<float>" on most compilers, as they themselves would write it.
std::string readable(const std::type_info& type) {
#if __has_include(<cxxabi.h>)
  int status = 0;
  char* const text = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  constexpr int no_memory = -1;
  if (status == no_memory) throw std::bad_alloc();
  if (text != nullptr) {
    std::string result(text);
    std::free(text);
    return result;
  }
#endif
  return type.name();
}

// "Linear"
std::string short_name(const std::string& full) {
  std::string name;
  int depth = 0;  // of template arguments
  for (std::size_t i = 0; i < full.size(); ++i) {
    if (full[i] == '<') ++depth;
    if (depth == 0) name += full[i];
    if (full[i] == '>') --depth;
    if (depth == 0 && std::string_view(name).ends_with("::")) name.clear();
  }
  return name;
}

// Of each type once: the system takes its time, and where it lacks memory it keeps some for good.
std::string name_of(const std::type_info& type) {
  static std::mutex mutex;
  static std::map<std::type_index, std::string> names;
  const std::lock_guard lock(mutex);
  const auto known = names.find(type);
  if (known != names.end()) return known->second;
  return names.emplace(type, short_name(readable(type))).first->second;
}

// Calls f with the array of U of that name, whose numbers may be of the other floating-point type.
// @throws as load_state
template <class U, class F>
void with_array(const NamedArrays& state, const std::string& name, const Shape& shape, F f) {
  constexpr const char* function = "Module::load_state";
  if constexpr (std::is_floating_point_v<U>) {
    using Other = std::conditional_t<std::is_same_v<U, float>, double, float>;
    if (state.contains(name) && state[name].holds<Other>()) return f(state.get<Other>(function, name, shape));
  }
  f(state.get<U>(function, name, shape));
}

template <class U>
void check(const NamedArrays& state, const std::string& name, ArrayView<U> destination) {
  with_array<U>(state, name, destination.shape(), [](const auto&) {});
}

template <class U>
void load(const NamedArrays& state, const std::string& name, ArrayView<U> destination) {
  with_array<U>(state, name, destination.shape(), [&](const auto& source) {
    std::transform(source.begin(), source.end(), destination.begin(),
                   [](auto x) { return static_cast<U>(x); });
  });
}

}  // namespace

template <class T>
Module<T>::~Module() = default;

template <class T>
Variable<T> Module<T>::forward_relu(Variable<T> x) {
  return relu(forward(x));
}

template <class T>
Variable<T> Module<T>::forward_relu_max_pool2d(Variable<T> x, Size2d kernel,
                                               const MaxPool2dOptions& options) {
  return max_pool2d(forward_relu(x), kernel, options);
}

template <class T>
GraphValue Module<T>::add_to(Graph<T>&, GraphValue) const {
  fail<ArgumentError>("{}: the module must say what it computes, got no add_to(); override it", type_name());
}

template <class T>
Config Module<T>::config() const {
  fail<ArgumentError>("{}: the module must say what it was made with, got no config(); override it",
                      type_name());
}

template <class T>
void Module<T>::train(bool on) {
  is_training_ = on;
  for (const auto& [name, child] : children_) child->train(on);
}

template <class T>
std::vector<Parameter<T>*> Module<T>::parameters() const {
  std::vector<Parameter<T>*> all;
  for (const auto& [name, parameter] : named_parameters()) {
    if (std::find(all.begin(), all.end(), parameter) == all.end()) all.push_back(parameter);
  }
  return all;
}

template <class T>
std::vector<std::pair<std::string, Parameter<T>*>> Module<T>::named_parameters() const {
  std::vector<std::pair<std::string, Parameter<T>*>> all;
  for (Parameter<T>* parameter : parameters_) all.emplace_back(parameter->name(), parameter);
  for (const auto& [child_name, child] : children_) {
    for (const auto& [name, parameter] : child->named_parameters()) {
      all.emplace_back(child_name + "." + name, parameter);
    }
  }
  return all;
}

template <class T>
std::vector<std::pair<std::string, detail::AnyArrayPointer>> Module<T>::named_buffers() const {
  std::vector<std::pair<std::string, detail::AnyArrayPointer>> all = buffers_;
  for (const auto& [child_name, child] : children_) {
    for (const auto& [name, buffer] : child->named_buffers())
      all.emplace_back(child_name + "." + name, buffer);
  }
  return all;
}

template <class T>
std::vector<std::pair<std::string, Module<T>*>> Module<T>::named_modules() {
  std::vector<std::pair<std::string, Module*>> all{{"", this}};
  for (const auto& [child_name, child] : children_) {
    for (const auto& [name, module] : child->named_modules())
      all.emplace_back(name.empty() ? child_name : child_name + "." + name, module);
  }
  return all;
}

template <class T>
NamedArrays Module<T>::state() const {
  NamedArrays state;
  for (const auto& [name, parameter] : named_parameters()) state.add(name, parameter->values());
  for (const auto& [name, buffer] : named_buffers()) {
    buffer.visit(
        [&state, &to = name]<class U>(const Array<U>& array) { state.add(to, ArrayView<const U>(array)); });
  }
  return state;
}

template <class T>
void Module<T>::load_state(const NamedArrays& state) {
  const auto parameters = named_parameters();
  const auto buffers = named_buffers();
  std::vector<std::string> names;
  // Everything is looked at before anything is written.
  for (const auto& [name, parameter] : parameters) {
    check(state, name, parameter->values());
    names.push_back(name);
  }
  for (const auto& [name, buffer] : buffers) {
    buffer.visit([&state, &to = name]<class U>(Array<U>& array) { check<U>(state, to, array); });
    names.push_back(name);
  }
  state.require_only("Module::load_state", names);
  for (const auto& [name, parameter] : parameters) {
    load(state, name, parameter->values());
    parameter->note_change();
  }
  for (const auto& [name, buffer] : buffers)
    buffer.visit([&state, &to = name]<class U>(Array<U>& array) { load<U>(state, to, array); });
}

template <class T>
std::string Module<T>::type_name() const {
  if (!has_type_info(this)) return "Module";
  return name_of(typeid(*this));
}

template <class T>
std::size_t Module<T>::parameter_count() const {
  std::size_t count = 0;
  for (const Parameter<T>* parameter : parameters()) count += parameter->size();
  return count;
}

template <class T>
void Module<T>::add(Parameter<T>& parameter) {
  require_unused(parameter.name());
  parameters_.push_back(&parameter);
}

template <class T>
void Module<T>::add(std::string name, Module& child) {
  require_unused(name);
  children_.emplace_back(std::move(name), &child);
}

template <class T>
void Module<T>::add_buffer(std::string name, detail::AnyArrayPointer buffer) {
  require_unused(name);
  buffers_.emplace_back(std::move(name), buffer);
}

template <class T>
void Module<T>::require_unused(const std::string& name) const {
  bool used = false;
  for (const Parameter<T>* parameter : parameters_) used = used || parameter->name() == name;
  for (const auto& [buffer_name, buffer] : buffers_) used = used || buffer_name == name;
  for (const auto& [child_name, child] : children_) used = used || child_name == name;
  if (used) fail<ArgumentError>("Module::add: names must be distinct within a module, got '{}' twice", name);
}

template class Module<float>;
template class Module<double>;

}  // namespace xtape::nn
