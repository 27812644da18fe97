// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_normalisers.hpp"

namespace xtape::kernels {
namespace {

// y = (x - max) - log1p(rest)
template <class T>
void log_softmax(const T* x, std::size_t rows, std::size_t classes, T* y, RowNormaliser<T>* normalisers) {
  for_row_blocks<false>(
      x, rows, classes, y, [&]<class Block>(Block& block, const auto& sums, std::size_t first) {
        keep_normalisers(block, sums, normalisers + first);
        double log_rest[Block::most_rows];
        for_each_batch<double>(Block::most_rows, [&](std::size_t r, auto count) {
          store_some(log1p_of_positive<PrecisionOf<T>>(load_some<Wide>(sums.rest + r, count, 0.0)),
                     log_rest + r, count);
        });
        const Batch<T> max = block.of_row(sums.max), log_rests = block.of_row(log_rest);
        T* const values = block.values(y + first * classes);
        for_each_batch<T>(block.elements(), [&](std::size_t j, auto count) {
          store_some((load_some<Batch<T>>(block.x() + j, count, T{0}) - max) - log_rests, values + j, count);
        });
        block.write(values, y + first * classes);
      });
}

// dx = dy - p sum(dy) with p = e^(x - max) / (1 + rest), which is not e^y: y has lost the digits that x - max
// had. For the only most probable, dx = dy (1 - p) - p (sum of the other dy), so that nothing cancels where p
// is near 1.
template <class T>
void log_softmax_gradient(const T* x, const RowNormaliser<T>* normalisers, const T* dy, std::size_t rows,
                          std::size_t classes, T* dx, bool first) {
  for (std::size_t r = 0; r < rows; ++r, x += classes, dy += classes, dx += classes) {
    const T largest = normalisers[r].max;
    const double rest = normalisers[r].rest;
    const Batch<T> max(largest), zero(T{0});
    enum { top, others };
    Accumulator<T> sum[2];
    Batch<T> count_of_largest(T{0});
    add_up<T>(classes, sum, [&](std::size_t j, auto count, Batch<T>(&term)[2]) {
      fetch_if_whole(x + j + classes, count);
      fetch_if_whole(dy + j + classes, count);
      const Batch<T> slope = load_some<Batch<T>>(dy + j, count, T{0});
      const auto is_largest = load_some<Batch<T>>(x + j, count, -std::numeric_limits<T>::infinity()) == max;
      count_of_largest = xsimd::select(is_largest, count_of_largest + Batch<T>(T{1}), count_of_largest);
      term[top] = xsimd::select(is_largest, slope, zero);
      term[others] = xsimd::select(is_largest, zero, slope);
    });
    const double inverse = inverse_of_1_plus<T>(rest).value, of_top = sum[top].total(),
                 of_others = sum[others].total();
    const Batch<T> top_slope(static_cast<T>(inverse * (of_top * rest - of_others)));
    const bool is_alone = sum_of_lanes(count_of_largest) == 1;
    const Batch<T> only_largest(is_alone ? largest : std::numeric_limits<T>::quiet_NaN());
    with_exponent(largest, [&](const auto& exponent) {
      // Beside an infinite logit all others have e = 0.
      const double scale = largest - largest == 0 ? exponent.scale(largest) : 1;
      const Batch<T> total(static_cast<T>(-(of_top + of_others) * inverse * scale));
      for_each_batch<T>(classes, [&](std::size_t j, auto count) {
        fetch_to_write_if_whole(dx + j + classes, count);
        const Batch<T> logit = load_some<Batch<T>>(x + j, count, T{0});
        const Batch<T> of_other =
            multiply_add(total, exponent(logit), load_some<Batch<T>>(dy + j, count, T{0}));
        const Batch<T> slope = xsimd::select(logit == only_largest, top_slope, of_other);
        store_some(first ? slope : slope + load_some<Batch<T>>(dx + j, count, T{0}), dx + j, count);
      });
    });
  }
}

}  // namespace

XTAPE_KERNEL(LogSoftmax, {log_softmax<T>, log_softmax_gradient<T>});

}  // namespace xtape::kernels
