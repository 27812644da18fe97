// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/kernel.hpp"
#include "kernels/simd/row_factors.hpp"
#include "kernels/simd/row_normalisers.hpp"

namespace xtape::kernels {
namespace {

template <class T>
void softmax(const T* x, std::size_t rows, std::size_t classes, T* y, RowNormaliser<T>* normalisers) {
  for_row_blocks<true>(
      x, rows, classes, y, [&]<class Block>(Block& block, const auto& sums, std::size_t first) {
        T* const e = block.values(y + first * classes);
        Factors<T, Block::most_rows> factors;
        for_rows<Block::most_rows>([&]<class D>(std::size_t r, D) {
          factors.set(r, inverse_of_1_plus<T>(load_rows<D>(sums.rest + r)), load_rows<D>(sums.scale + r));
        });
        multiply_rows(block, factors, e);
        block.write(e, y + first * classes);
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

}  // namespace

XTAPE_KERNEL(Softmax, {softmax<T>, softmax_gradient<T>});

}  // namespace xtape::kernels
