// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// The numbers of two batches in another order: which, as if the second followed the first.
template <class T, std::size_t... from>
XTAPE_INLINE Batch<T> rearranged(Batch<T> low, Batch<T> high, std::index_sequence<from...>) {
  typedef T Lanes __attribute__((vector_size(lanes<T> * sizeof(T))));
  Lanes parts[2];
  const typename Batch<T>::register_type in[2] = {low, high};
  std::memcpy(parts, in, sizeof parts);
  const Lanes chosen = __builtin_shufflevector(parts[0], parts[1], static_cast<int>(from)...);
  typename Batch<T>::register_type out;
  std::memcpy(&out, &chosen, sizeof out);
  return Batch<T>(out);
}

// Every second of them, from number `first` on.
template <std::size_t first, class T>
XTAPE_INLINE Batch<T> every_second(Batch<T> low, Batch<T> high) {
  return [&]<std::size_t... lane>(std::index_sequence<lane...>) __attribute__((always_inline)) {
    return rearranged<T>(low, high, std::index_sequence<first + 2 * lane...>());
  }
  (std::make_index_sequence<lanes<T>>());
}

// The numbers of two batches in turns, from number `first` of each on.
template <std::size_t first, class T>
XTAPE_INLINE Batch<T> in_turns(Batch<T> even, Batch<T> odd) {
  return [&]<std::size_t... lane>(std::index_sequence<lane...>) __attribute__((always_inline)) {
    return rearranged<T>(even, odd, std::index_sequence<first + lane / 2 + lane % 2 * lanes<T>...>());
  }
  (std::make_index_sequence<lanes<T>>());
}

}  // namespace
}  // namespace xtape::kernels
