// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"

namespace xtape::kernels {

struct HardSwish;

namespace {

// x (x + 3) / 6 from -3 to 3. Beyond it is not computed so: that would overflow.
struct HardSwishFunction {
  template <class B>
  XTAPE_INLINE static B value(B x) {
    const B zero(Value<B>{0}), three(Value<B>{3}), six(Value<B>{6});
    return xsimd::select(x < -three, zero, xsimd::select(x >= three, x, x * quotient(x + three, six)));
  }
  template <class B>
  XTAPE_INLINE static B derivative(B x) {
    const B zero(Value<B>{0}), one(Value<B>{1}), three(Value<B>{3}), six(Value<B>{6});
    return xsimd::select(x <= -three, zero, xsimd::select(x >= three, one, quotient(x + x + three, six)));
  }
};

}  // namespace

XTAPE_KERNEL(Unary<HardSwish>, over_narrow<HardSwishFunction, T>);

}  // namespace xtape::kernels
