// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {

struct Log1p;

namespace {

struct Log1pFunction {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    return xsimd::log1p(x);
  }
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    return Wide(1.0) / (Wide(1.0) + x);
  }
};

}  // namespace

XTAPE_KERNEL(Unary<Log1p>, over_wide<Log1pFunction, T>);

}  // namespace xtape::kernels
