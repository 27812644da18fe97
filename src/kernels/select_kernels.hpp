// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// By flags, one for each element.
struct Select {
  template <class T>
  struct Functions {
    // y = a where the flag is true, and b elsewhere; an operand that does not move is one number.
    void (*between)(const bool* flags, const T* a, bool a_moves, const T* b, bool b_moves, T* y,
                    std::size_t n);
    // y = x where the flag is `chosen`, and 0 elsewhere whatever x is; or adds that.
    void (*part)(const bool* flags, bool chosen, const T* x, T* y, std::size_t n, bool add);
  };
};

}  // namespace xtape::kernels
