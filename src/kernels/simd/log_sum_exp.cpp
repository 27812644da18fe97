// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_normalisers.hpp"

namespace xtape::kernels {
namespace {

template <class T>
void normalise(const T* x, std::size_t rows, std::size_t classes, RowNormaliser<T>* normalisers) {
  T* const nowhere = nullptr;
  for_row_blocks<false>(x, rows, classes, nowhere, [&](auto& block, const auto& sums, std::size_t first) {
    keep_normalisers(block, sums, normalisers + first);
  });
}

// d/dx log(sum(e^x)) = softmax(x)
template <class T>
void log_sum_exp_gradient(const T* x, const RowNormaliser<T>* normalisers, const T* dy, std::size_t rows,
                          std::size_t classes, T* dx, bool first) {
  using Precision = PrecisionOf<T>;
  for (std::size_t r = 0; r < rows; ++r, x += classes, dx += classes) {
    const Wide max(static_cast<double>(normalisers[r].max));
    const Wide factor(static_cast<double>(dy[r]) * inverse_of_1_plus<T>(normalisers[r].rest).value);
    for_each_batch<double>(classes, [&](std::size_t j, auto count) {
      const Wide logit = load_some<Wide>(x + j, count, T{0});
      const Wide e = xsimd::select(logit == max, Wide(1.0), exponential_of_difference<Precision>(logit, max));
      store_some(first ? factor * e : load_some<Wide>(dx + j, count, T{0}) + factor * e, dx + j, count);
    });
  }
}

}  // namespace

XTAPE_KERNEL(LogSumExp, {normalise<T>, log_sum_exp_gradient<T>});

}  // namespace xtape::kernels
