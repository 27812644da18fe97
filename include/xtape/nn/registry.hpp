// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <typeinfo>
#include <utility>

#include "xtape/nn/config.hpp"
#include "xtape/nn/module.hpp"

#pragma GCC visibility push(default)
namespace xtape::nn {

namespace detail {

template <class T>
using MakeModule = std::unique_ptr<Module<T>> (*)(const Config&);

template <class T>
void register_module(const std::string& name, MakeModule<T> make, const std::type_info* type);
extern template void register_module(const std::string&, MakeModule<float>, const std::type_info*);
extern template void register_module(const std::string&, MakeModule<double>, const std::type_info*);

// Null in a program that is compiled without.
template <class Own>
const std::type_info* type_of() {
#ifdef __cpp_rtti
  return &typeid(Own);
#else
  return nullptr;
#endif
}

// Throws ArgumentError where the name of a module is that of another class, as which it would be made again.
template <class T>
void require_own_names(const char* function, Module<T>& model);
extern template void require_own_names(const char*, Module<float>&);
extern template void require_own_names(const char*, Module<double>&);

template <class T>
T element_of(const Module<T>&);

}  // namespace detail

/// Makes a module of your own one that make_module and io::load_model know by its name, which is what
/// Module::type_name gives. It needs a constructor that takes what its config() gives:
///
///     const bool registered = nn::register_module<Residual>("Residual");
///
/// May be called before main and by several threads; twice for the same class is once. Returns true.
/// @throws ArgumentError  another class has that name.
template <class Own>
bool register_module(const std::string& name) {
  using T = decltype(detail::element_of(std::declval<const Own&>()));
  detail::register_module<T>(
      name, [](const Config& config) -> std::unique_ptr<Module<T>> { return std::make_unique<Own>(config); },
      detail::type_of<Own>());
  return true;
}

/// A module like the one that gave this by description(), with zeros or other first values as its state.
/// @throws ArgumentError  no class of that name is registered, or it does not take that config.
template <class T>
std::unique_ptr<Module<T>> make_module(const ModuleConfig& description);

extern template std::unique_ptr<Module<float>> make_module(const ModuleConfig&);
extern template std::unique_ptr<Module<double>> make_module(const ModuleConfig&);

}  // namespace xtape::nn
#pragma GCC visibility pop
