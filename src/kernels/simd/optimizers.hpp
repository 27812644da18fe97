// SPDX-License-Identifier: BSD-3-Clause
// One pass over a parameter, its gradient and the optimizer's state.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

template <class T>
void sgd(T* x, const T* g, T* velocity, std::size_t n, T rate, T momentum) {
  using B = Batch<T>;
  const B minus_rate(-rate), keep(momentum);
  for_each_batch<T>(n, [&](std::size_t i, auto count) {
    B step = load_some<B>(g + i, count, T{0});
    if (velocity != nullptr) {
      step = multiply_add(load_some<B>(velocity + i, count, T{0}), keep, step);
      store_some(step, velocity + i, count);
    }
    store_some(multiply_add(step, minus_rate, load_some<B>(x + i, count, T{0})), x + i, count);
  });
}

// a / (sqrt(v) scale + epsilon) to within 2 ulp.
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
    if (xsimd::all((divisor > B(0x1p-100F)) & (divisor < B(0x1p100F)))) {
      const B inverse(_mm512_rcp14_ps(divisor));
      return a * multiply_add(multiply_add(-divisor, inverse, one), inverse, inverse);
    }
  }
#endif
  return a / multiply_add(xsimd::sqrt(v), scale, epsilon);
}

template <class T>
void adam(T* x, const T* g, T* first_moment, T* second_moment, std::size_t n, const AdamStep<T>& step) {
  using B = Batch<T>;
  const B rate(step.rate), scale(step.scale), epsilon(step.epsilon);
  const B beta1(step.beta1), rest1(step.rest1), beta2(step.beta2), rest2(step.rest2);
  for_each_batch<T>(n, [&](std::size_t i, auto count) {
    const B slope = load_some<B>(g + i, count, T{0});
    const B m = multiply_add(beta1, load_some<B>(first_moment + i, count, T{0}), rest1 * slope);
    const B v = multiply_add(beta2, load_some<B>(second_moment + i, count, T{0}), rest2 * slope * slope);
    store_some(m, first_moment + i, count);
    store_some(v, second_moment + i, count);
    const B change = quotient_by_root(rate * m, v, scale, epsilon);
    store_some(load_some<B>(x + i, count, T{0}) - change, x + i, count);
  });
}

}  // namespace
}  // namespace xtape::kernels
