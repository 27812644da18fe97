// SPDX-License-Identifier: BSD-3-Clause
// One pass over a parameter, its gradient and the optimizer's state.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

template <bool decays_or_nesterov, class T>
void sgd_of(T* x, const T* g, T* velocity, std::size_t n, const SGDStep<T>& step) {
  using B = Batch<T>;
  const B minus_rate(-step.rate), keep(step.momentum), decay(step.weight_decay);
  const bool nesterov = decays_or_nesterov && step.nesterov;
  for_each_batch<T>(n, [&](std::size_t i, auto count) {
    B change = load_some<B>(g + i, count, T{0});
    if constexpr (decays_or_nesterov) {
      change = multiply_add(decay, load_some<B>(x + i, count, T{0}), change);
    }
    if (velocity != nullptr) {
      const B slope = change;
      change = multiply_add(load_some<B>(velocity + i, count, T{0}), keep, slope);
      store_some(change, velocity + i, count);
      if (nesterov) change = multiply_add(change, keep, slope);
    }
    store_some(multiply_add(change, minus_rate, load_some<B>(x + i, count, T{0})), x + i, count);
  });
}

template <class T>
void sgd(T* x, const T* g, T* velocity, std::size_t n, const SGDStep<T>& step) {
  if (step.weight_decay != 0 || step.nesterov) {
    sgd_of<true>(x, g, velocity, n, step);
  } else {
    sgd_of<false>(x, g, velocity, n, step);
  }
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

enum class Decay { none, of_gradient, of_weight };

template <Decay decay, class T>
void adam_of(T* x, const T* g, T* first_moment, T* second_moment, std::size_t n, const AdamStep<T>& step) {
  using B = Batch<T>;
  const B rate(step.rate), scale(step.scale), epsilon(step.epsilon), weight_decay(step.weight_decay);
  const B beta1(step.beta1), rest1(step.rest1), beta2(step.beta2), rest2(step.rest2), minus_lost(-step.lost);
  for_each_batch<T>(n, [&](std::size_t i, auto count) {
    B slope = load_some<B>(g + i, count, T{0});
    if constexpr (decay == Decay::of_gradient) {
      slope = multiply_add(weight_decay, load_some<B>(x + i, count, T{0}), slope);
    }
    const B m = multiply_add(beta1, load_some<B>(first_moment + i, count, T{0}), rest1 * slope);
    const B v = multiply_add(beta2, load_some<B>(second_moment + i, count, T{0}), rest2 * slope * slope);
    store_some(m, first_moment + i, count);
    store_some(v, second_moment + i, count);
    const B change = quotient_by_root(rate * m, v, scale, epsilon);
    B value = load_some<B>(x + i, count, T{0});
    // A product with 1 - lost would be off by its rounding, the same in every step.
    if constexpr (decay == Decay::of_weight) value = multiply_add(minus_lost, value, value);
    store_some(value - change, x + i, count);
  });
}

template <class T>
void adam(T* x, const T* g, T* first_moment, T* second_moment, std::size_t n, const AdamStep<T>& step) {
  if (step.weight_decay != 0) {
    adam_of<Decay::of_gradient>(x, g, first_moment, second_moment, n, step);
  } else if (step.lost != 0) {
    adam_of<Decay::of_weight>(x, g, first_moment, second_moment, n, step);
  } else {
    adam_of<Decay::none>(x, g, first_moment, second_moment, n, step);
  }
}

template <class T>
void rmsprop(T* x, const T* g, T* square, T* mean, T* velocity, std::size_t n, const RMSpropStep<T>& step) {
  using B = Batch<T>;
  const B rate(step.rate), decay(step.decay), rest(step.rest), epsilon(step.epsilon), momentum(step.momentum),
      weight_decay(step.weight_decay), zero(T{0}), one(T{1});
  const bool decays = step.weight_decay != 0;
  for_each_batch<T>(n, [&](std::size_t i, auto count) {
    const B value = load_some<B>(x + i, count, T{0});
    B slope = load_some<B>(g + i, count, T{0});
    if (decays) slope = multiply_add(weight_decay, value, slope);
    B v = multiply_add(decay, load_some<B>(square + i, count, T{0}), rest * slope * slope);
    store_some(v, square + i, count);
    if (mean != nullptr) {
      const B average = multiply_add(decay, load_some<B>(mean + i, count, T{0}), rest * slope);
      store_some(average, mean + i, count);
      // A variance, which rounding can take below 0 where the gradients hardly change.
      v = at_least(zero, multiply_add(-average, average, v));
    }
    B change = quotient_by_root(slope, v, one, epsilon);
    if (velocity != nullptr) {
      change = multiply_add(momentum, load_some<B>(velocity + i, count, T{0}), change);
      store_some(change, velocity + i, count);
    }
    store_some(multiply_add(-rate, change, value), x + i, count);
  });
}

template <class T>
void move_towards(const T* target, T* x, std::size_t n, T fraction) {
  using B = Batch<T>;
  const B part(fraction);
  for_each_batch<T>(n, [&](std::size_t i, auto count) {
    const B from = load_some<B>(x + i, count, T{0});
    store_some(multiply_add(part, load_some<B>(target + i, count, T{0}) - from, from), x + i, count);
  });
}

}  // namespace
}  // namespace xtape::kernels
