// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// Not `x != x`, which some versions of xsimd find false of NaN.
template <class B>
XTAPE_INLINE auto is_number(B x) {
  return x == x;
}

// `other` where it is larger than `value` or NaN.
template <class B>
XTAPE_INLINE B larger_number(B value, B other) {
  return xsimd::select(other > value, other, xsimd::select(is_number(other), value, other));
}

// The largest so far, and its place: the first of several, or else the last NaN.
template <class T>
struct Largest {
  Batch<T> value, place;

  // `other` is further on than all so far.
  XTAPE_INLINE void look_at(Batch<T> other, Batch<T> at) {
    const auto is_larger = other > value, stays = is_number(other);
    value = xsimd::select(is_larger, other, xsimd::select(stays, value, other));
    place = xsimd::select(is_larger, at, xsimd::select(stays, place, at));
  }

  // `other` may be anywhere.
  XTAPE_INLINE void meet(Batch<T> other, Batch<T> at) {
    const auto is_better = (other > value) | ((other == value) & (at < place)), stays = is_number(other);
    const Batch<T> last = xsimd::select(is_number(value), at, xsimd::max(place, at));
    place = xsimd::select(is_better, at, xsimd::select(stays, place, last));
    value = xsimd::select(is_better, other, xsimd::select(stays, value, other));
  }
};

}  // namespace
}  // namespace xtape::kernels
