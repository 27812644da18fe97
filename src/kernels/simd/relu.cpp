// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/relu.hpp"

#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {

XTAPE_KERNEL(Unary<Relu>, over_narrow<ReluFunction, T>);

}  // namespace xtape::kernels
