// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/distances.hpp"
#include "kernels/simd/kernel.hpp"

namespace xtape::kernels {
namespace {

// Calls f(k, at, count) for every batch of doubles of the pieces; k alternates between 0 and 1, so that two
// sums grow side by side.
template <class F>
XTAPE_INLINE void for_each_batch_of(Pieces pieces, F f) {
  constexpr std::size_t n = lanes<double>;
  for (std::size_t piece = 0; piece < pieces.count; ++piece) {
    const std::size_t start = piece * pieces.step;
    std::size_t i = 0;
    for (; i + 2 * n <= pieces.length; i += 2 * n) {
      f(0, start + i, All());
      f(1, start + i + n, All());
    }
    for_each_batch<double>(pieces.length - i, [&](std::size_t j, auto count) { f(0, start + i + j, count); });
  }
}

template <class T>
double center_of(const T* x, Pieces pieces, double n) {
  if constexpr (!center_is_mean<T>) return static_cast<double>(x[0]);
  Accumulator<PrecisionOf<T>> sum[2];
  for_each_batch_of(pieces, [&](std::size_t k, std::size_t at, auto count) {
    sum[k].add(load_some<Wide>(x + at, count, T{0}));
  });
  sum[0].add(sum[1]);
  return sum[0].total() / n;
}

template <class T>
Moments moments(const T* x, Pieces pieces) {
  const auto n = static_cast<double>(pieces.count * pieces.length);
  const auto moments = moments_from<T>(center_of(x, pieces, n), [&](double center) {
    Accumulator<PrecisionOf<T>> distance[2], square[2];
    for_each_batch_of(pieces, [&](std::size_t k, std::size_t at, auto count) {
      const Wide d = only_some(load_some<Wide>(x + at, count, T{0}) - Wide(center), count);
      distance[k].add(d);
      square[k].add_product(d, d);
    });
    distance[0].add(distance[1]);
    square[0].add(square[1]);
    return MomentsAbout<double>(center, distance[0].total(), square[0].total(), n);
  });
  return {moments.mean, moments.rest, moments.variance};
}

template <class T>
void standardise(const T* x, Pieces pieces, Standard standard, double factor, double shift, T* y) {
  const Distance<PrecisionOf<T>> distance(standard);
  const Wide slope(standard.scale * factor), offset(shift);
  for_each_batch_of(pieces, [&](std::size_t, std::size_t at, auto count) {
    store_some(multiply_add(distance(load_some<Wide>(x + at, count, T{0})), slope, offset), y + at, count);
  });
}

template <class T>
void standardise_each(const T* x, std::size_t n, const double* means, const double* scales,
                      const double* factors, const double* shifts, T* y) {
  for_each_batch<double>(n, [&](std::size_t i, auto count) {
    const Wide distance = load_some<Wide>(x + i, count, T{0}) - load_some<Wide>(means + i, count, 0.0);
    const Wide slope = load_some<Wide>(scales + i, count, 0.0) * load_some<Wide>(factors + i, count, 0.0);
    store_some(multiply_add(distance, slope, load_some<Wide>(shifts + i, count, 0.0)), y + i, count);
  });
}

// Of g = dy, and g z with z = d scale.
template <class T>
StandardSums standard_sums(const T* x, const T* dy, Pieces pieces, Standard standard) {
  using Sums = Accumulator<PrecisionOf<T>>;
  const Distance<PrecisionOf<T>> distance(standard);
  Sums sum[2], product[2];
  for_each_batch_of(pieces, [&](std::size_t k, std::size_t at, auto count) {
    const Wide g = load_some<Wide>(dy + at, count, T{0});
    sum[k].add(g);
    product[k].add_product(g, distance(load_some<Wide>(x + at, count, T{0})));
  });
  sum[0].add(sum[1]);
  product[0].add(product[1]);
  return {sum[0].total(), product[0].total() * standard.scale};
}

template <class T>
void standardise_gradient(const T* x, const T* dy, Pieces pieces, Standard standard, StandardSums means,
                          double scale, T* dx, bool first) {
  const Distance<PrecisionOf<T>> distance(standard);
  const Wide mean_g(means.g), slope_of_d(-standard.scale * means.gz), factor(scale);
  for_each_batch_of(pieces, [&](std::size_t, std::size_t at, auto count) {
    const Wide g = load_some<Wide>(dy + at, count, T{0}), d = distance(load_some<Wide>(x + at, count, T{0}));
    const Wide slope = multiply_add(d, slope_of_d, g - mean_g) * factor;
    store_some(first ? slope : load_some<Wide>(dx + at, count, T{0}) + slope, dx + at, count);
  });
}

}  // namespace

XTAPE_KERNEL(Standardise, {.moments = moments<T>,
                           .value = standardise<T>,
                           .each_value = standardise_each<T>,
                           .sums = standard_sums<T>,
                           .gradient = standardise_gradient<T>});

}  // namespace xtape::kernels
