// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/sigmoid.hpp"

namespace xtape::kernels {

struct Sigmoid;

XTAPE_KERNEL(Unary<Sigmoid>, over_wide<SigmoidFunction, T>);

}  // namespace xtape::kernels
