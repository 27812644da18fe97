// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/softmax_rows.hpp"
#include "kernels/softmax_kernels.hpp"

namespace xtape::kernels {
namespace {

template <class T, class Block>
void keep_normalisers(const Block& block, const RowSums<T, Block::most_rows>& sums,
                      RowNormaliser<T>* normalisers) {
  for (std::size_t r = 0; r < block.rows(); ++r) normalisers[r] = {sums.max[r], sums.rest[r]};
}

template <bool keep, class T, class Work>
void for_row_blocks(const T* x, std::size_t rows, std::size_t classes, T* destination, Work work) {
  for_row_blocks<64, keep>(x, rows, classes, destination, work, [](std::size_t, std::size_t) {});
}

}  // namespace
}  // namespace xtape::kernels
