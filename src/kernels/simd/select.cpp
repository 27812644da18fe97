// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/select_kernels.hpp"

#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {
namespace {

// All bits of the lanes whose flags are `chosen`.
template <class T, class Count>
XTAPE_INLINE Batch<T> lanes_chosen(const bool* flags, bool chosen, Count count) {
  bool some[lanes<T>] = {};
  if constexpr (!std::is_same_v<Count, All>) {
    for (std::size_t i = 0; i < count; ++i) some[i] = flags[i];
    flags = some;
  }
  Bits<T> bits[lanes<T>];
  for (std::size_t i = 0; i < lanes<T>; ++i) bits[i] = -static_cast<Bits<T>>(flags[i] == chosen);
  return bits_as<T>(load<Batch<Bits<T>>>(bits));
}

template <class T>
void select_between(const bool* flags, const T* a, bool a_moves, const T* b, bool b_moves, T* y,
                    std::size_t n) {
  using B = Batch<T>;
  if (n == 0) return;
  const B one_a(*a), one_b(*b);
  for_each_batch<T>(
      n, [&](std::size_t i, auto some) __attribute__((always_inline)) {
        const B from_a = a_moves ? load_some<B>(a + i, some, T{0}) : one_a,
                from_b = b_moves ? load_some<B>(b + i, some, T{0}) : one_b;
        store_some(from_b ^ ((from_a ^ from_b) & lanes_chosen<T>(flags + i, true, some)), y + i, some);
      });
}

template <class T>
void select_part(const bool* flags, bool chosen, const T* x, T* y, std::size_t n, bool add) {
  using B = Batch<T>;
  for_each_batch<T>(
      n, [&](std::size_t i, auto some) __attribute__((always_inline)) {
        const B part = load_some<B>(x + i, some, T{0}) & lanes_chosen<T>(flags + i, chosen, some);
        store_some(add ? load_some<B>(y + i, some, T{0}) + part : part, y + i, some);
      });
}

}  // namespace

XTAPE_KERNEL(Select, {.between = select_between<T>, .part = select_part<T>});

}  // namespace xtape::kernels
