// SPDX-License-Identifier: BSD-3-Clause
// What the library knows of the kernels that are compiled once for each kind of processor: src/kernels/simd.
// Headers that those include hold no code: see simd/batch.hpp for why.
#pragma once

namespace xtape::kernels {

// From the least to the most able.
enum class Processor { baseline, neon, avx2, avx512 };

// A kernel is named by a type that has a template Functions<T>: the type of its function, or a struct of
// those that belong together. These are what is compiled for a kind of processor. A file of simd defines and
// instantiates them by XTAPE_KERNEL: there is no list of kernels.
template <Processor, class Kernel, class T>
struct Compiled {
  static typename Kernel::template Functions<T> functions();
};

}  // namespace xtape::kernels
