// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"

namespace xtape::kernels {

// What is below 0 becomes 0.
template <class T>
void apply_relu(T* y, std::size_t n) {
  kernel<Unary<Relu>, T>().value(y, y, n);
}

}  // namespace xtape::kernels
