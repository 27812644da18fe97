// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/simd/softmax_cross_entropy.hpp"

namespace xtape::kernels {
namespace {

template <class T, class Block>
void keep_normalisers(const Block& block, const RowSums<T, Block::most_rows>& sums,
                      RowNormaliser<T>* normalisers) {
  for (std::size_t r = 0; r < block.rows(); ++r) normalisers[r] = {sums.max[r], sums.rest[r]};
}

template <class T, class Work>
void for_row_blocks(const T* x, std::size_t rows, std::size_t classes, Work work) {
  for_row_blocks<64>(x, rows, classes, work, [](std::size_t, std::size_t) {});
}

template <class T>
void softmax(const T* x, std::size_t rows, std::size_t classes, T* y, RowNormaliser<T>* normalisers) {
  for_row_blocks(x, rows, classes, [&]<class Block>(Block& block, std::size_t first) {
    RowSums<T, Block::most_rows> sums;
    T* const e = block.values(y + first * classes);
    block.template normalise<true>(sums, e);
    Factors<T, Block::most_rows> factors;
    for_rows<Block::most_rows>([&]<class D>(std::size_t r, D) {
      factors.set(r, inverse_of_1_plus<T>(load_rows<D>(sums.rest + r)), load_rows<D>(sums.scale + r));
    });
    multiply_rows(block, factors, e);
    block.write(e, y + first * classes);
    keep_normalisers(block, sums, normalisers + first);
  });
}

// y = (x - max) - log1p(rest)
template <class T>
void log_softmax(const T* x, std::size_t rows, std::size_t classes, T* y, RowNormaliser<T>* normalisers) {
  for_row_blocks(x, rows, classes, [&]<class Block>(Block& block, std::size_t first) {
    RowSums<T, Block::most_rows> sums;
    block.template normalise<false>(sums, nullptr);
    keep_normalisers(block, sums, normalisers + first);
    T log_rest[Block::most_rows];
    for_each_batch<double>(Block::most_rows, [&](std::size_t r, auto count) {
      store_some(log1p_of_positive<PrecisionOf<T>>(load_some<Wide>(sums.rest + r, count, 0.0)), log_rest + r,
                 count);
    });
    const Batch<T> max = block.of_row(sums.max), log_rests = block.of_row(log_rest);
    T* const values = block.values(y + first * classes);
    for_each_batch<T>(block.elements(), [&](std::size_t j, auto count) {
      store_some((load_some<Batch<T>>(block.x() + j, count, T{0}) - max) - log_rests, values + j, count);
    });
    block.write(values, y + first * classes);
  });
}

template <class T>
void normalise(const T* x, std::size_t rows, std::size_t classes, RowNormaliser<T>* normalisers) {
  for_row_blocks(x, rows, classes, [&]<class Block>(Block& block, std::size_t first) {
    RowSums<T, Block::most_rows> sums;
    block.template normalise<false>(sums, nullptr);
    keep_normalisers(block, sums, normalisers + first);
  });
}

// The largest p of each lane, and dy there.
template <class T>
struct SlopeOfLargest {
  Batch<T> p = Batch<T>(-std::numeric_limits<T>::infinity());
  Batch<T> dy = Batch<T>(T{0});

  XTAPE_INLINE void look_at(Batch<T> other_p, Batch<T> other_dy) {
    const auto is_larger = other_p > p;
    p = xsimd::select(is_larger, other_p, p);
    dy = xsimd::select(is_larger, other_dy, dy);
  }
};

// dy where p is largest.
template <class T>
T slope_of_largest(const T* p, const T* dy, std::size_t classes) {
  constexpr std::size_t many = 4;  // of which none waits for another
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  SlopeOfLargest<T> best[many];
  std::size_t j = 0;
  for (; j + many * lanes<T> <= classes; j += many * lanes<T>) {
    for (std::size_t i = 0; i < many; ++i)
      best[i].look_at(load<Batch<T>>(p + j + i * lanes<T>), load<Batch<T>>(dy + j + i * lanes<T>));
  }
  for_each_batch<T>(classes - j, [&](std::size_t i, auto count) {
    best[0].look_at(load_some<Batch<T>>(p + j + i, count, lowest),
                    load_some<Batch<T>>(dy + j + i, count, T{0}));
  });
  for (std::size_t i = 1; i < many; ++i) best[0].look_at(best[i].p, best[i].dy);
  const auto is_largest = best[0].p == Batch<T>(largest_lane(best[0].p));
  return largest_lane(xsimd::select(is_largest, best[0].dy, Batch<T>(lowest)));
}

// With p the softmax and c any number, dx = p (d - sum(p d)) for d = dy - c. With the gradient of the most
// probable as c, the terms with p near 1, which would cancel, are not there.
template <class T>
void softmax_gradient(const T* p, const T* dy, std::size_t rows, std::size_t classes, T* dx, bool first) {
  for (std::size_t r = 0; r < rows; ++r, p += classes, dy += classes, dx += classes) {
    const Wide c(static_cast<double>(slope_of_largest(p, dy, classes)));
    Accumulator<PrecisionOf<T>> sum[1];
    add_up<double>(classes, sum, [&](std::size_t j, auto count, Wide(&term)[1]) {
      fetch_if_whole(p + j + classes, count);
      fetch_if_whole(dy + j + classes, count);
      term[0] = load_some<Wide>(p + j, count, T{0}) * (load_some<Wide>(dy + j, count, T{0}) - c);
    });
    const Wide mean(sum[0].total());
    for_each_batch<double>(classes, [&](std::size_t j, auto count) {
      fetch_to_write_if_whole(dx + j + classes, count);
      const Wide d = load_some<Wide>(dy + j, count, T{0}) - c;
      const Wide slope = load_some<Wide>(p + j, count, T{0}) * (d - mean);
      store_some(first ? slope : slope + load_some<Wide>(dx + j, count, T{0}), dx + j, count);
    });
  }
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
}  // namespace xtape::kernels
