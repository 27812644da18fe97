// SPDX-License-Identifier: BSD-3-Clause
// One pass over a parameter, its gradient and the optimizer's state.
#include "kernels/optimizer_kernels.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/quotient_by_root.hpp"

namespace xtape::kernels {
namespace {

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

}  // namespace

XTAPE_KERNEL(RMSprop, rmsprop<T>);

}  // namespace xtape::kernels
