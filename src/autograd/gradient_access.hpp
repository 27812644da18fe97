// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/gradients.hpp"
#include "xtape/autograd/parameter.hpp"

namespace xtape::detail {

// What the library itself sees of gradients: who asks a parameter for them may write anywhere.
template <class T>
struct GradientAccess {
  static GradientMemory<T>& of(Parameter<T>& parameter) { return parameter.gradient_; }
  static GradientMemory<T>& of(Gradients<T>& gradients, std::size_t parameter) {
    return gradients.parts_[parameter];
  }
  // Null: it is none of them.
  static GradientMemory<T>* find(Gradients<T>& gradients, const Parameter<T>& parameter) {
    return gradients.find(parameter);
  }
};

}  // namespace xtape::detail
