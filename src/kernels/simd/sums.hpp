// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/softmax_rows.hpp"

namespace xtape::kernels {
namespace {

// The sum of n elements.
template <class T>
double sum(const T* x, std::size_t n) {
  Accumulator<double> sums[4];
  std::size_t i = 0;
  for (; i + 4 * lanes<double> <= n; i += 4 * lanes<double>) {
    for (std::size_t k = 0; k < 4; ++k) sums[k].add(load<Wide>(x + i + k * lanes<double>));
  }
  for_each_batch<double>(n - i, [&](std::size_t offset, auto count) {
    sums[0].add(load_some<Wide>(x + i + offset, count, T{0}));
  });
  for (std::size_t k = 1; k < 4; ++k) sums[0].add(sums[k]);
  return sums[0].total();
}

// Adds a row of n elements to as many sums, and what the sums lose to `errors`.
template <class T>
void add_row(const T* x, std::size_t n, double* sums, double* errors) {
  for_each_batch<double>(n, [&](std::size_t i, auto count) {
    const Wide term = load_some<Wide>(x + i, count, T{0}), sum = load_some<Wide>(sums + i, count, 0.0);
    const Wide next = sum + term;
    store_some(next, sums + i, count);
    if constexpr (sizeof(T) == 8) {
      const Wide back = next - sum;
      const Wide error = (sum - (next - back)) + (term - back);
      store_some(load_some<Wide>(errors + i, count, 0.0) + error, errors + i, count);
    }
  });
}

}  // namespace
}  // namespace xtape::kernels
