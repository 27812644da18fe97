// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <initializer_list>

#include "arrays/format.hpp"
#include "kernels/gemm.hpp"

namespace xtape {

inline void require_gemm_extents(const char* op, std::initializer_list<std::size_t> extents) {
  for (const std::size_t extent : extents) {
    if (extent > kernels::max_gemm_extent) {
      fail<ShapeError>("{}: extents must be at most {}, what the BLAS can index, got {}", op,
                       kernels::max_gemm_extent, extent);
    }
  }
}

}  // namespace xtape
