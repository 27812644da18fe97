// SPDX-License-Identifier: BSD-3-Clause
// One pass over a parameter, its gradient and the optimizer's state.
#include "kernels/optimizer_kernels.hpp"
#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"

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

}  // namespace

XTAPE_KERNEL(SGD, sgd<T>);

}  // namespace xtape::kernels
