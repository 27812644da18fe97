// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/elementwise.hpp"
#include "kernels/simd/sigmoid.hpp"

namespace xtape::kernels {

struct Tanh;

namespace {

struct TanhFunction {
  template <class Precision>
  XTAPE_INLINE static Wide value(Wide x) {
    if constexpr (std::is_same_v<Precision, Single>) {
      // Near 0 the quotient would be a difference; there the series is good to 2^-45.
      static constexpr double series[] = {1, -1.0 / 3, 2.0 / 15, -17.0 / 315};
      const Wide e = decay<Single>(x + x), one(1.0), quotient = (one - e) / (one + e);
      return xsimd::select(xsimd::abs(x) < Wide(0x1p-5), x * polynomial(series, x * x),
                           where_negative(x, -quotient, quotient));
    } else {
      // xsimd makes an integer of its argument on the way, which neither NaN nor what is far out can be.
      constexpr double far = 40;
      const Wide bounded = -at_least(Wide(-far), -at_least(Wide(-far), number_or_0(x)));
      return xsimd::select(x == x, xsimd::tanh(bounded), x);
    }
  }
  // 1 - tanh(x)^2 = 4 e / (1 + e)^2 with e = e^(-2 |x|): nothing cancels where tanh(x) is near 1.
  template <class Precision>
  XTAPE_INLINE static Wide derivative(Wide x) {
    return Wide(4.0) * SigmoidFunction::derivative<Precision>(x + x);
  }
};

}  // namespace

XTAPE_KERNEL(Unary<Tanh>, over_wide<TanhFunction, T>);

}  // namespace xtape::kernels
