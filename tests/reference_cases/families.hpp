// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <string_view>

#include "call.hpp"

namespace reference {

// A function that turns the conventions of a framework into a call of the library, which has only its own;
// what the library refuses is left to it. And the names, separated by spaces, that a case has: each
// input that it must give, each that it may give, and each parameter.
template <class T>
struct Family {
  xtape::Variable<T> (*loss)(Call<T>&);
  const char* inputs;
  const char* optional_inputs;
  const char* params;
};

template <class T>
using Families = std::map<std::string_view, Family<T>>;

template <class T>
Families<T> keras_families();
template <class T>
Families<T> tensorflow_families();
template <class T>
Families<T> composed_families();
template <class T>
Families<T> torch_families();

}  // namespace reference
