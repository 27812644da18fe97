// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace xtape::kernels {

// y of count * times numbers, to which x is added unless it is the first contribution.
struct Repeat {
  template <class T>
  struct Functions {
    void (*each)(const T* x, std::size_t count, std::size_t times, T* y,
                 bool first);                                                         // y[i times + k] = x[i]
    void (*all)(const T* x, std::size_t count, std::size_t times, T* y, bool first);  // y[k count + i] = x[i]
  };
};

}  // namespace xtape::kernels
