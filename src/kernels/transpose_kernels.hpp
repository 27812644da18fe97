// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// to[c to_step + r] = from[r from_step + c], for so many rows r and columns c, or adds that.
struct Transposition {
  template <class T>
  using Functions = void (*)(const T* from, std::size_t from_step, std::size_t rows, std::size_t columns,
                             T* to, std::size_t to_step, bool add);
};

}  // namespace xtape::kernels
