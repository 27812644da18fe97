// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {

struct LeakyRelu;

namespace {

struct LeakyReluFunction {
  template <class B>
  XTAPE_INLINE static B value(B x, B slope) {
    return xsimd::select(x > B(Value<B>{0}), x, slope * x);
  }
  template <class B>
  XTAPE_INLINE static B derivative(B x, B slope) {
    return xsimd::select(x > B(Value<B>{0}), B(Value<B>{1}), slope);
  }
};

}  // namespace

XTAPE_KERNEL(Parametric<LeakyRelu>, over_narrow<LeakyReluFunction, T, T>);

}  // namespace xtape::kernels
