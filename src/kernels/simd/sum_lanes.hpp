// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/transpose.hpp"

namespace xtape::kernels {
namespace {

// The sum of the lanes of each batch.
template <class T, std::size_t count>
XTAPE_INLINE void sum_lanes(const Batch<T> (&x)[count], T* sums) {
  if constexpr (lanes<T> >= 4 && count % 4 == 0) {
    for (std::size_t i = 0; i < count; i += 4) {
      typename Fours<T>::Whole row[4];
      for (std::size_t k = 0; k < 4; ++k) std::memcpy(&row[k], &x[i + k], sizeof row[k]);
      Fours<T>::transpose(row);
      const typename Fours<T>::Whole whole = (row[0] + row[1]) + (row[2] + row[3]);
      typename Fours<T>::Four four[Fours<T>::count];
      std::memcpy(four, &whole, sizeof whole);
      for (std::size_t k = 1; k < Fours<T>::count; ++k) four[0] += four[k];
      std::memcpy(sums + i, &four[0], sizeof four[0]);
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) sums[i] = sum_of_lanes(x[i]);
  }
}

}  // namespace
}  // namespace xtape::kernels
