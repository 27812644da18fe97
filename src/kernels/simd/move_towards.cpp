// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/optimizer_kernels.hpp"
#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {
namespace {

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

XTAPE_KERNEL(MoveTowards, move_towards<T>);

}  // namespace xtape::kernels
