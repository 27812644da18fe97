// SPDX-License-Identifier: BSD-3-Clause
// How the sources of this folder give the library their kernels. They are compiled once for each kind of
// processor, XTAPE_SIMD: baseline, neon, avx2, avx512.
#pragma once

#include "kernels/compiled.hpp"

namespace xtape::kernels {

// XTAPE_KERNEL specialises it once in all the library for each kernel and kind of processor, and so it may
// name internal functions although it is not internal itself.
template <Processor, class Kernel, class T>
struct Implementation;

template <Processor processor, class Kernel, class T>
typename Kernel::template Functions<T> Compiled<processor, Kernel, T>::functions() {
  return Implementation<processor, Kernel, T>::functions();
}

}  // namespace xtape::kernels

// Gives a kernel its functions, which the other arguments initialise, for float and double: T.
#define XTAPE_KERNEL(Kernel, ...)                                             \
  template <class T>                                                          \
  struct Implementation<Processor::XTAPE_SIMD, Kernel, T> {                   \
    static consteval Kernel::Functions<T> functions() { return __VA_ARGS__; } \
  };                                                                          \
  template struct Compiled<Processor::XTAPE_SIMD, Kernel, float>;             \
  template struct Compiled<Processor::XTAPE_SIMD, Kernel, double>
