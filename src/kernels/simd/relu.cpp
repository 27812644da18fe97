// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {
namespace {

struct ReluFunction {
  template <class B>
  XTAPE_INLINE static B value(B x) {
    return xsimd::select(x < B(Value<B>{0}), B(Value<B>{0}), x);
  }
  template <class B>
  XTAPE_INLINE static B derivative(B x) {
    return xsimd::select(x > B(Value<B>{0}), B(Value<B>{1}), B(Value<B>{0}));
  }
};

}  // namespace

XTAPE_KERNEL(Unary<Relu>, over_narrow<ReluFunction, T>);

}  // namespace xtape::kernels
