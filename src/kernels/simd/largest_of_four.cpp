// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "kernels/pooling_kernels.hpp"
#include "kernels/simd/batch.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {
namespace {

// What of the candidates so far and another is the largest. A NaN is taken whatever was before it.
template <class B>
XTAPE_INLINE B largest(B so_far, B other) {
  // Not `other != other`, which some versions of xsimd find false of NaN.
  return xsimd::select(other > so_far, other, xsimd::select(other == other, so_far, other));
}

// Every second of the numbers in two batches.
template <std::size_t first, class T, std::size_t... lane>
XTAPE_INLINE Batch<T> every_second(Batch<T> low, Batch<T> high, std::index_sequence<lane...>) {
  typedef T Lanes __attribute__((vector_size(lanes<T> * sizeof(T))));
  Lanes from[2];
  const typename Batch<T>::register_type in[2] = {low, high};
  std::memcpy(from, in, sizeof from);
  const Lanes chosen = __builtin_shufflevector(from[0], from[1], static_cast<int>(first + 2 * lane)...);
  typename Batch<T>::register_type out;
  std::memcpy(&out, &chosen, sizeof out);
  return Batch<T>(out);
}

// Of so many columns of two rows.
template <class T, class Count>
XTAPE_INLINE void write_largest(const T* upper, const T* lower, T* y, Count columns) {
  using B = Batch<T>;
  const auto batch = [&](const T* row, std::size_t part) __attribute__((always_inline)) {
    if constexpr (std::is_same_v<Count, All>) {
      return load<B>(row + part * lanes<T>);
    } else {
      const std::size_t before = part * lanes<T>, count = 2 * columns;
      if (count >= before + lanes<T>) return load<B>(row + before);
      return load_partly<B>(row + before, count > before ? count - before : 0, T{0});
    }
  };
  const B in[2][2] = {{batch(upper, 0), batch(upper, 1)}, {batch(lower, 0), batch(lower, 1)}};
  constexpr auto every = std::make_index_sequence<lanes<T>>();
  B best = every_second<0, T>(in[0][0], in[0][1], every);
  best = largest(best, every_second<1, T>(in[0][0], in[0][1], every));
  best = largest(best, every_second<0, T>(in[1][0], in[1][1], every));
  store_some(largest(best, every_second<1, T>(in[1][0], in[1][1], every)), y, columns);
}

template <class T>
void largest_of_four(const T* image, std::size_t width, std::size_t rows, std::size_t columns, T* y) {
  for (std::size_t row = 0; row < rows; ++row, image += 2 * width, y += columns) {
    for_each_batch<T>(
        columns, [&](std::size_t j, auto count) __attribute__((always_inline)) {
          write_largest(image + 2 * j, image + width + 2 * j, y + j, count);
        });
  }
}

}  // namespace

XTAPE_KERNEL(LargestOfFour, largest_of_four<T>);

}  // namespace xtape::kernels
