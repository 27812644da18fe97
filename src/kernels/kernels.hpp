// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <type_traits>

#include "kernels/kernel_table.hpp"

namespace xtape::kernels {

// Those for the processor that this is; see xtape::simd_name.
const KernelTable& chosen_table();

template <class T>
const Kernels<T>& kernels() {
  if constexpr (std::is_same_v<T, float>) {
    return chosen_table().of_float;
  } else {
    return chosen_table().of_double;
  }
}

}  // namespace xtape::kernels
