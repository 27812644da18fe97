// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// Of a function of each element, which may have a parameter: y = f(x), and dx = dy f'(x), which is added
// unless it is the first contribution.
template <class T, class... Parameter>
struct UnaryFunctions {
  void (*value)(const T* x, T* y, std::size_t n, Parameter...);
  void (*gradient)(const T* x, const T* dy, T* dx, std::size_t n, bool first, Parameter...);
};

// The kernels of a function, named by a type that is declared beside its use.
template <class Function>
struct Unary {
  template <class T>
  using Functions = UnaryFunctions<T>;
};
template <class Function>
struct Parametric {
  template <class T>
  using Functions = UnaryFunctions<T, T>;
};

// y = f(a, b); an operand that does not move is one number.
template <class T>
using BinaryFunction = void (*)(const T* a, bool a_moves, const T* b, bool b_moves, T* y, std::size_t n);

template <class Function>
struct Binary {
  template <class T>
  using Functions = BinaryFunction<T>;
};

// Those that several files use.
struct Relu;
struct Add;
struct Multiply;

}  // namespace xtape::kernels
