// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// The largest so far, and its place in the window.
template <class T>
struct Largest {
  Batch<T> value, place;

  // A NaN is taken whatever was before it.
  XTAPE_INLINE void look_at(Batch<T> other, T at) {
    const Batch<T> other_place(at);
    // Not `other != other`, which some versions of xsimd find false of NaN.
    const auto is_number = other == other, is_larger = other > value;
    value = xsimd::select(is_larger, other, xsimd::select(is_number, value, other));
    place = xsimd::select(is_larger, other_place, xsimd::select(is_number, place, other_place));
  }
};

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

}  // namespace
}  // namespace xtape::kernels
