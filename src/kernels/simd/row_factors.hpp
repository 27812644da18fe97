// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/softmax_rows.hpp"

namespace xtape::kernels {
namespace {

// One factor for each row of a block, which doubles are multiplied by in twice their precision.
template <class T, std::size_t rows>
struct Factors {
  static constexpr bool have_low = sizeof(T) == 8;
  double exact[rows], low[rows];

  // Of the rows from r on: inverse (total + total_low) scale.
  template <class D>
  XTAPE_INLINE void set(std::size_t r, Precise<D> inverse, D scale, D total = D(1.0), D total_low = D(0.0)) {
    if constexpr (have_low) {
      const Precise<D> whole = inverse.times(total).times(scale);
      store_rows(whole.value, exact + r);
      store_rows(whole.low + inverse.value * total_low * scale, low + r);
    } else {
      store_rows(inverse.value * total * scale, exact + r);
    }
  }

  // e times that
  template <class D>
  XTAPE_INLINE D product(std::size_t r, D e) const {
    const D product = e * load_rows<D>(exact + r);
    if constexpr (have_low) return product + e * load_rows<D>(low + r);
    return product;
  }

  // Lets those that would be subnormal in T multiply e at once, and all become 1.
  XTAPE_INLINE void round(T* e, std::size_t elements) {
    bool some_are_subnormal = false;
    for_rows<rows>([&]<class D>(std::size_t r, D) {
      const D factor = load_rows<D>(exact + r);
      some_are_subnormal |= any((magnitude(factor) < D(std::numeric_limits<T>::min())) & (factor != D(0.0)));
    });
    if (some_are_subnormal) multiply_at_once(e, elements);
  }

  // e factor + term
  template <class Block>
  XTAPE_INLINE auto multiplication(const Block& block) const {
    const Batch<T> factor = block.of_row(exact);
    if constexpr (have_low) {
      const Batch<T> small = block.of_row(low);
      return [=](Batch<T> e, Batch<T> term) { return multiply_add(e, factor, multiply_add(e, small, term)); };
    } else {
      return [=](Batch<T> e, Batch<T> term) { return multiply_add(e, factor, term); };
    }
  }

 private:
  [[gnu::noinline]] void multiply_at_once(T* e, std::size_t elements) {
    for (std::size_t i = 0; i < elements; ++i)
      e[i] = static_cast<T>(static_cast<double>(e[i]) * exact[i % rows]);
    for (std::size_t r = 0; r < rows; ++r) {
      exact[r] = 1;
      low[r] = 0;
    }
  }
};

// e[j] becomes e[j] factor.
template <class T, class Block, std::size_t rows>
XTAPE_INLINE void multiply_rows(const Block& block, Factors<T, rows>& factors, T* e) {
  factors.round(e, block.elements());
  const auto multiply = factors.multiplication(block);
  for_each_batch<T>(block.elements(), [&](std::size_t j, auto count) {
    store_some(multiply(load_some<Batch<T>>(e + j, count, T{0}), Batch<T>(T{0})), e + j, count);
  });
}

}  // namespace
}  // namespace xtape::kernels
