// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/nn/module.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "xtape/ops/elementwise.hpp"

namespace xtape::nn {

template <class T>
Variable<T> Module<T>::forward_relu(Variable<T> x) {
  return relu(forward(x));
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
void Module<T>::require_unused(const std::string& name) const {
  bool used = false;
  for (const Parameter<T>* parameter : parameters_) used = used || parameter->name() == name;
  for (const auto& [child_name, child] : children_) used = used || child_name == name;
  if (used) fail<ArgumentError>("Module::add: names must be distinct within a module, got '{}' twice", name);
}

template class Module<float>;
template class Module<double>;

}  // namespace xtape::nn
