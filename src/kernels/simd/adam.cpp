// SPDX-License-Identifier: BSD-3-Clause
// One pass over a parameter, its gradient and the optimizer's state.
#include "kernels/optimizer_kernels.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/quotient_by_root.hpp"

namespace xtape::kernels {
namespace {

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

}  // namespace

XTAPE_KERNEL(Adam, adam<T>);

}  // namespace xtape::kernels
