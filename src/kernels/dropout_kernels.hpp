// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

namespace xtape::kernels {

// Which elements are dropped, told by their places, so that no mask is kept: those whose number is below
// `threshold`. Elements 2 k and 2 k + 1 have the lower and the upper half of number k of SplitMix64 with the
// seed `key`.
struct DroppedElements {
  std::uint64_t key;
  std::uint32_t threshold;
};

// y = factor x where an element is kept, and 0 elsewhere whatever x is; or adds that. The first of the n
// elements has the place `first`, which is even.
struct Dropout {
  template <class T>
  using Functions = void (*)(DroppedElements dropped, std::size_t first, T factor, const T* x, T* y,
                             std::size_t n, bool add);
};

}  // namespace xtape::kernels
