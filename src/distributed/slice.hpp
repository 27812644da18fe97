// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

namespace xtape::distributed {

struct Slice {
  std::size_t begin, length;
};

// The slice of all arrays that a rank adds.
inline Slice slice_of(std::size_t rank, std::size_t ranks, std::size_t length) {
  const std::size_t longer = length % ranks;  // slices, by one element
  return {rank * (length / ranks) + std::min(rank, longer), length / ranks + (rank < longer ? 1 : 0)};
}

}  // namespace xtape::distributed
