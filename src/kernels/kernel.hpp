// SPDX-License-Identifier: BSD-3-Clause
// The files of this room, of three kinds:
//   simd, and *_kernels.hpp, which declare it   loops over vectors, compiled once for each kind of processor
//   gemm*, blas_*, broadcast.hpp                whole arrays, on several threads; gemm calls a BLAS
//   all others                                  one number, row or loop at a time, alike on every processor
// Only the second allocate and throw. The arguments of all are right: callers have checked them.
#pragma once

#include "kernels/compiled.hpp"

#ifndef XTAPE_LIBRARY_SOURCE
#error "which kernels there are, only sources of the library are told"
#endif

namespace xtape::kernels {

#ifdef XTAPE_ARM64
inline constexpr Processor least_processor = Processor::neon;  // which every such processor has
#else
inline constexpr Processor least_processor = Processor::baseline;
#endif

// The best that this processor has; see xtape::simd_name. Throws ArgumentError for an XTAPE_SIMD that is
// none.
Processor chosen_processor();

template <class Kernel, class T>
typename Kernel::template Functions<T> choose_kernel() {
  switch (chosen_processor()) {
#ifdef XTAPE_X86
    case Processor::avx512:
      return Compiled<Processor::avx512, Kernel, T>::functions();
    case Processor::avx2:
      return Compiled<Processor::avx2, Kernel, T>::functions();
#endif
    default:
      return Compiled<least_processor, Kernel, T>::functions();
  }
}

// The functions of a kernel for the processor that this is: kernel<SGD, T>()(x, ...).
template <class Kernel, class T>
const typename Kernel::template Functions<T>& kernel() {
  static const typename Kernel::template Functions<T> functions = choose_kernel<Kernel, T>();
  return functions;
}

}  // namespace xtape::kernels
