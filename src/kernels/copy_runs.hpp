// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace xtape::kernels {

// Calls work(copy), of which copy(from, to) copies `length` numbers, for work that does so many times: few
// are copied as two blocks that overlap, since a call of memcpy would take longer than that.
template <class T, class Work>
void with_copy_of(std::size_t length, Work work) {
  const auto with_blocks_of = [&]<std::size_t count>(std::integral_constant<std::size_t, count>) {
    work([last = length - count](const T* from, T* to) {
      std::memcpy(to, from, count * sizeof(T));
      std::memcpy(to + last, from + last, count * sizeof(T));
    });
  };
  if (length == 1) return with_blocks_of(std::integral_constant<std::size_t, 1>());
  if (length >= 2 && length <= 4) return with_blocks_of(std::integral_constant<std::size_t, 2>());
  if (length >= 4 && length <= 8) return with_blocks_of(std::integral_constant<std::size_t, 4>());
  if (length >= 8 && length <= 16) return with_blocks_of(std::integral_constant<std::size_t, 8>());
  work([length](const T* from, T* to) { std::copy_n(from, length, to); });
}

// Copies runs of `length` numbers that begin so far apart.
template <class T>
void copy_runs(const T* from, std::size_t from_step, std::size_t runs, std::size_t length, T* to,
               std::size_t to_step) {
  with_copy_of<T>(length, [=](auto copy) {
    for (std::size_t r = 0; r < runs; ++r) copy(from + r * from_step, to + r * to_step);
  });
}

}  // namespace xtape::kernels
