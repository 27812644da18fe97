// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// a / (sqrt(v) scale + epsilon) to within 2 ulp, of a v that is normal or 0.
template <class B>
XTAPE_INLINE B quotient_by_root(B a, B v, B scale, B epsilon) {
#ifdef __AVX512F__
  // Where root and division of whole registers are slow: estimates good to 2^-14, and one step of Newton's
  // method.
  if constexpr (sizeof(Value<B>) == 4) {
    const B zero(0.0F), half(0.5F), one(1.0F);
    const B inverse_root(_mm512_rsqrt14_ps(v)), estimate = v * inverse_root;
    const B root = multiply_add(multiply_add(-estimate, estimate, v), half * inverse_root, estimate);
    const B divisor = multiply_add(xsimd::select(v == zero, zero, root), scale, epsilon);
    const B inverse(_mm512_rcp14_ps(divisor));
    const B fast = a * multiply_add(multiply_add(-divisor, inverse, one), inverse, inverse);
    const auto suffices = (divisor > B(0x1p-100F)) & (divisor < B(0x1p100F));
    if (xsimd::all(suffices)) return fast;
    // No element changes what becomes of its neighbours.
    return xsimd::select(suffices, fast, quotient(a, multiply_add(square_root(v), scale, epsilon)));
  }
#endif
  return quotient(a, multiply_add(square_root(v), scale, epsilon));
}

}  // namespace
}  // namespace xtape::kernels
