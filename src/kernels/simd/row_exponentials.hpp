// SPDX-License-Identifier: BSD-3-Clause
// The exponentials of rows of logits, and their sums.
#pragma once

#include "kernels/simd/accumulator.hpp"
#include "kernels/simd/exponential.hpp"

namespace xtape::kernels {
namespace {

// The exponentials of logits x <= max, all times the same power of two, so that 2^64 e^(x - max) is about
// what comes out: so all that is normal without that factor, and sums of what is not, are exact. Far below
// that, and for -inf, it is 0.
inline constexpr int exponential_bias = 64;
template <class T>
inline constexpr int biased_exponent_of_1 = std::numeric_limits<T>::max_exponent - 1 + exponential_bias;
template <class T>
inline constexpr T lowest_difference = static_cast<T>((2 - biased_exponent_of_1<T>)*0.6931);

// A factor that is no T: what its nearest lacks is the rest.
template <class T>
struct ExactFactor {
  Batch<T> nearest, rest;
};

// 2^n e^r, but 0 where `position` < `from`.
template <class T>
struct ScaledExponential {
  Batch<T> from, position, power, r;

  XTAPE_INLINE Batch<T> value() const {
    return product_from(from, position, exponential_near_0<T>(r), power);
  }

  // The product, rounded about once: neither e^r is, nor the factor.
  XTAPE_INLINE Batch<T> times(const ExactFactor<T>& factor) const {
    const Batch<T> scaled = power * factor.nearest;
    const Batch<T> more = multiply_add(scaled * growth_near_0<T>(r), r, power * factor.rest);
    return xsimd::select(position < from, Batch<T>(T{0}), scaled + more);
  }
};

// For |max| up to 1000. The power of two is taken from x itself: there is no x - max, which would be rounded.
template <class T>
class NearZero {
 public:
  static constexpr T bound = 1000;

  explicit NearZero(Batch<T> max) : lowest_(max + Batch<T>(lowest_difference<T>)) {
    const Batch<T> to_integer(Exponential<T>::to_integer);
    const Batch<T> exponent = shifted_exponent(max, to_integer) - to_integer;
    to_integer_ = to_integer + Batch<T>(T{biased_exponent_of_1<T>}) - exponent;
  }

  XTAPE_INLINE ScaledExponential<T> parts(Batch<T> x) const {
    const Batch<T> shifted = shifted_exponent(x, to_integer_);
    return {lowest_, x, power_of_two<T>(shifted), reduced(x, shifted - to_integer_)};
  }
  XTAPE_INLINE Batch<T> operator()(Batch<T> x) const { return parts(x).value(); }

  // 1 / the exponential of the largest.
  double scale(T max) const {
    T top[lanes<T>];
    store((*this)(Batch<T>(max)), top);
    return 1 / static_cast<double>(top[0]);
  }

 private:
  Batch<T> lowest_;
  Batch<T> to_integer_;
};

// For any finite max. The difference is rounded where the magnitudes differ: its error (Knuth's two-sum) goes
// into the exponential.
template <class T>
class Anywhere {
 public:
  explicit Anywhere(Batch<T> max) : max_(max) {}

  XTAPE_INLINE ScaledExponential<T> parts(Batch<T> x) const {
    const Batch<T> to_integer(Exponential<T>::to_integer + T{biased_exponent_of_1<T>});
    const Batch<T> d = x - max_, back = d - x, low = (x - (d - back)) - (max_ + back);
    const Batch<T> shifted = shifted_exponent(d, to_integer);
    return {Batch<T>(lowest_difference<T>), d, power_of_two<T>(shifted),
            reduced(d, shifted - to_integer) + low};
  }
  XTAPE_INLINE Batch<T> operator()(Batch<T> x) const { return parts(x).value(); }

  static constexpr double scale(T) { return 0x1p-64; }
  static_assert(exponential_bias == 64);

 private:
  Batch<T> max_;
};

// Adds the terms of `many` neighbouring batches pairwise, and then those of fewer.
template <std::size_t many, class T, class Precision, std::size_t sums, class Terms>
XTAPE_INLINE std::size_t add_up_whole(std::size_t j, std::size_t n, Accumulator<Precision> (&sum)[sums],
                                      Terms terms) {
  for (; j + many * lanes<T> <= n; j += many * lanes<T>) {
    Batch<T> term[many][sums];
    for (std::size_t i = 0; i < many; ++i) terms(j + i * lanes<T>, All(), term[i]);
    for (std::size_t width = many / 2; width > 0; width /= 2) {
      for (std::size_t i = 0; i < width; ++i) {
        for (std::size_t k = 0; k < sums; ++k) term[i][k] += term[i + width][k];
      }
    }
    for (std::size_t k = 0; k < sums; ++k) sum[k].add(term[0][k]);
  }
  if constexpr (many > 1) j = add_up_whole<many / 2, T>(j, n, sum, terms);
  return j;
}

// Adds to each of the sums its term of every batch of n elements; terms(j, count, out) makes those of the
// batch that begins at j.
template <class T, class Precision, std::size_t sums, class Terms>
XTAPE_INLINE void add_up(std::size_t n, Accumulator<Precision> (&sum)[sums], Terms terms) {
  const std::size_t j = add_up_whole<8, T>(0, n, sum, terms);
  if (j == n) return;
  Batch<T> term[sums];
  terms(j, n - j, term);
  for (std::size_t k = 0; k < sums; ++k) sum[k].add(term[k]);
}

// Calls work with the way to the exponentials of a row.
template <class T, class Work>
XTAPE_INLINE void with_exponent(T max, Work work) {
  if (sizeof(T) == 4 && max <= NearZero<T>::bound && max >= -NearZero<T>::bound) {
    work(NearZero<T>(Batch<T>(max)));
  } else {
    work(Anywhere<T>(Batch<T>(max)));
  }
}

// Adds up the exponentials of all but the largest logits, of which it returns how many each lane has; all are
// written to `e` if they are to be kept. At most 2^24 batches: more could not be counted in a float.
// fetch(j, count) is called for every batch: meanwhile memory may be asked for.
template <bool keep, class T, class Exponent, class Fetch>
XTAPE_INLINE Batch<T> sum_exponentials(const T* x, std::size_t n, Batch<T> max, const Exponent& exponent,
                                       T* e, Accumulator<T> (&others)[1], Fetch fetch) {
  Batch<T> count_of_largest(T{0});
  add_up<T>(n, others, [&](std::size_t j, auto count, Batch<T>(&term)[1]) {
    fetch(j, count);
    const Batch<T> zero(T{0});
    const Batch<T> logits = load_some<Batch<T>>(x + j, count, -std::numeric_limits<T>::infinity());
    const Batch<T> value = exponent(logits);
    const auto is_largest = logits == max;
    count_of_largest = xsimd::select(is_largest, count_of_largest + Batch<T>(T{1}), count_of_largest);
    term[0] = xsimd::select(is_largest, zero, value);
    if constexpr (keep) store_some(value, e + j, count);
  });
  return count_of_largest;
}

template <class T>
T largest_of(const T* x, std::size_t n) {
  using B = Batch<T>;
  B max[4] = {B(x[0]), B(x[0]), B(x[0]), B(x[0])};
  std::size_t j = 0;
  for (; j + 4 * lanes<T> <= n; j += 4 * lanes<T>) {
    for (std::size_t i = 0; i < 4; ++i) max[i] = xsimd::max(max[i], load<B>(x + j + i * lanes<T>));
  }
  for_each_batch<T>(n - j, [&](std::size_t offset, auto count) {
    max[0] = xsimd::max(max[0], load_some<B>(x + j + offset, count, x[0]));
  });
  return largest_lane(xsimd::max(xsimd::max(max[0], max[1]), xsimd::max(max[2], max[3])));
}

}  // namespace
}  // namespace xtape::kernels
