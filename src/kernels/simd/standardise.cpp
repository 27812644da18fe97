// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/simd/accumulator.hpp"
#include "kernels/simd/kernel.hpp"
#include "kernels/standardise_kernels.hpp"

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

// x with zeros in the lanes beyond the count.
XTAPE_INLINE Wide only_some(Wide x, All) { return x; }
XTAPE_INLINE Wide only_some(Wide x, std::size_t count) {
  static constexpr double ones[] = {1, 1, 1, 1, 1, 1, 1, 1};
  static_assert(lanes<double> <= sizeof ones / sizeof *ones);
  return x * load_partly<Wide>(ones, count, 0.0);
}

struct Standardiser {
  Wide mean, rest, scale;
  explicit Standardiser(const Standard& s) : mean(s.mean), rest(s.rest), scale(s.scale) {}
  XTAPE_INLINE Wide operator()(Wide x) const { return ((x - mean) - rest) * scale; }
};

// In two passes. The second finds the error of the first one's mean as well.
template <class T>
Moments moments(const T* x, Pieces pieces) {
  using Sums = Accumulator<PrecisionOf<T>>;
  Sums sum[2];
  for_each_batch_of(pieces, [&](std::size_t k, std::size_t at, auto count) {
    sum[k].add(load_some<Wide>(x + at, count, T{0}));
  });
  sum[0].add(sum[1]);
  const auto n = static_cast<double>(pieces.count * pieces.length);
  const double mean = sum[0].total() / n;

  Sums distance[2], square[2];
  const Wide center(mean);
  for_each_batch_of(pieces, [&](std::size_t k, std::size_t at, auto count) {
    const Wide d = only_some(load_some<Wide>(x + at, count, T{0}) - center, count);
    distance[k].add(d);
    square[k].add(d * d);
  });
  distance[0].add(distance[1]);
  square[0].add(square[1]);
  const double total = distance[0].total(), rest = total / n;
  const double variance = (square[0].total() - total * rest) / n;
  return {mean, rest, variance < 0 ? 0 : variance};
}

template <class T>
void standardise(const T* x, Pieces pieces, Standard standard, double factor, double shift, T* y) {
  const Standardiser z(standard);
  const Wide slope(factor), offset(shift);
  for_each_batch_of(pieces, [&](std::size_t, std::size_t at, auto count) {
    store_some(multiply_add(z(load_some<Wide>(x + at, count, T{0})), slope, offset), y + at, count);
  });
}

template <class T>
void standardise_row(const T* x, std::size_t n, Standard standard, const T* factors, const T* shifts, T* y) {
  const Standardiser z(standard);
  for_each_batch<double>(n, [&](std::size_t i, auto count) {
    Wide result = z(load_some<Wide>(x + i, count, T{0}));
    if (factors != nullptr) result *= load_some<Wide>(factors + i, count, T{0});
    if (shifts != nullptr) result += load_some<Wide>(shifts + i, count, T{0});
    store_some(result, y + i, count);
  });
}

template <class T>
void standardise_each(const T* x, std::size_t n, const double* means, const double* scales,
                      const double* factors, const double* shifts, T* y) {
  for_each_batch<double>(n, [&](std::size_t i, auto count) {
    const Wide mean = load_some<Wide>(means + i, count, 0.0), scale = load_some<Wide>(scales + i, count, 0.0);
    const Wide z = (load_some<Wide>(x + i, count, T{0}) - mean) * scale;
    store_some(
        multiply_add(z, load_some<Wide>(factors + i, count, 0.0), load_some<Wide>(shifts + i, count, 0.0)),
        y + i, count);
  });
}

// g(at, count) gives the gradients.
template <class T, class G>
XTAPE_INLINE StandardSums sums_with_standardised(const T* x, Pieces pieces, Standard standard, G g) {
  using Sums = Accumulator<PrecisionOf<T>>;
  const Standardiser z(standard);
  Sums sum[2], product[2];
  for_each_batch_of(pieces, [&](std::size_t k, std::size_t at, auto count) {
    const Wide gradient = g(at, count);
    sum[k].add(gradient);
    product[k].add(gradient * only_some(z(load_some<Wide>(x + at, count, T{0})), count));
  });
  sum[0].add(sum[1]);
  product[0].add(product[1]);
  return {sum[0].total(), product[0].total()};
}

template <class T>
StandardSums standard_sums(const T* x, const T* dy, Pieces pieces, Standard standard) {
  return sums_with_standardised(
      x, pieces, standard, [&](std::size_t at, auto count) { return load_some<Wide>(dy + at, count, T{0}); });
}

template <class T>
StandardSums standard_sums_of_row(const T* x, const T* dy, std::size_t n, Standard standard,
                                  const T* factors) {
  if (factors == nullptr) return standard_sums(x, dy, {1, n, n}, standard);
  return sums_with_standardised(x, {1, n, n}, standard, [&](std::size_t at, auto count) {
    return load_some<Wide>(dy + at, count, T{0}) * load_some<Wide>(factors + at, count, T{0});
  });
}

template <class T, class G>
XTAPE_INLINE void gradient_of_standardised(const T* x, Pieces pieces, Standard standard, StandardSums means,
                                           double scale, T* dx, bool first, G g) {
  const Standardiser z(standard);
  const Wide mean_g(means.g), mean_gz(means.gz), factor(scale);
  for_each_batch_of(pieces, [&](std::size_t, std::size_t at, auto count) {
    const Wide slope = ((g(at, count) - mean_g) - z(load_some<Wide>(x + at, count, T{0})) * mean_gz) * factor;
    store_some(first ? slope : load_some<Wide>(dx + at, count, T{0}) + slope, dx + at, count);
  });
}

template <class T>
void standardise_gradient(const T* x, const T* dy, Pieces pieces, Standard standard, StandardSums means,
                          double scale, T* dx, bool first) {
  gradient_of_standardised(x, pieces, standard, means, scale, dx, first,
                           [&](std::size_t at, auto count) { return load_some<Wide>(dy + at, count, T{0}); });
}

template <class T>
void standardise_row_gradient(const T* x, const T* dy, std::size_t n, Standard standard, const T* factors,
                              StandardSums means, T* dx, bool first) {
  const Pieces row{1, n, n};
  if (factors == nullptr) return standardise_gradient(x, dy, row, standard, means, standard.scale, dx, first);
  gradient_of_standardised(
      x, row, standard, means, standard.scale, dx, first, [&](std::size_t at, auto count) {
        return load_some<Wide>(dy + at, count, T{0}) * load_some<Wide>(factors + at, count, T{0});
      });
}

template <class T>
void add_standardised(const T* x, const T* dy, std::size_t n, Standard standard, double* sums,
                      double* errors) {
  const Standardiser z(standard);
  for_each_batch<double>(n, [&](std::size_t i, auto count) {
    const Wide term = load_some<Wide>(dy + i, count, T{0}) * z(load_some<Wide>(x + i, count, T{0}));
    add_to_sums<T>(term, count, sums + i, errors + i);
  });
}

}  // namespace

XTAPE_KERNEL(Standardise, {.moments = moments<T>,
                           .value = standardise<T>,
                           .row_value = standardise_row<T>,
                           .each_value = standardise_each<T>,
                           .sums = standard_sums<T>,
                           .row_sums = standard_sums_of_row<T>,
                           .gradient = standardise_gradient<T>,
                           .row_gradient = standardise_row_gradient<T>,
                           .add_products = add_standardised<T>});

}  // namespace xtape::kernels
