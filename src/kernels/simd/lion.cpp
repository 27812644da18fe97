// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/optimizer_kernels.hpp"
#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {
namespace {

template <class T>
void lion(T* x, const T* g, T* momentum, std::size_t n, const LionStep<T>& step) {
  using B = Batch<T>;
  const B rate(step.rate), lost(step.lost), zero(T{0});
  const B beta1(step.beta1), rest1(step.rest1), beta2(step.beta2), rest2(step.rest2);
  for_each_batch<T>(n, [&](std::size_t i, auto count) {
    const B value = load_some<B>(x + i, count, T{0}), slope = load_some<B>(g + i, count, T{0});
    const B m = load_some<B>(momentum + i, count, T{0});
    const B mix = multiply_add(beta1, m, rest1 * slope);
    // NaN keeps the mix, which is 0 or NaN where it is neither above nor below 0.
    const B length = xsimd::select(mix > zero, rate, xsimd::select(mix < zero, -rate, mix));
    store_some(multiply_add(-lost, value, value) - length, x + i, count);
    store_some(multiply_add(beta2, m, rest2 * slope), momentum + i, count);
  });
}

}  // namespace

XTAPE_KERNEL(Lion, lion<T>);

}  // namespace xtape::kernels
