// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/accumulator.hpp"
#include "kernels/simd/exponential.hpp"
#include "kernels/simd/row_numbers.hpp"
#include "kernels/simd/transpose.hpp"

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

  XTAPE_INLINE Batch<T> operator()(Batch<T> x) const {
    const Batch<T> shifted = shifted_exponent(x, to_integer_);
    const Batch<T> mantissa = exponential_near_0<T>(reduced(x, shifted - to_integer_));
    return product_from(lowest_, x, mantissa, power_of_two<T>(shifted));
  }

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

  XTAPE_INLINE Batch<T> operator()(Batch<T> x) const {
    const Batch<T> to_integer(Exponential<T>::to_integer + T{biased_exponent_of_1<T>});
    const Batch<T> d = x - max_, back = d - x, low = (x - (d - back)) - (max_ + back);
    const Batch<T> shifted = shifted_exponent(d, to_integer);
    const Batch<T> mantissa = exponential_near_0<T>(reduced(d, shifted - to_integer) + low);
    return product_from(Batch<T>(lowest_difference<T>), d, mantissa, power_of_two<T>(shifted));
  }

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
// Meanwhile the same elements of the next row are fetched.
template <bool keep, class T, class Exponent>
XTAPE_INLINE Batch<T> sum_exponentials(const T* x, std::size_t n, Batch<T> max, const Exponent& exponent,
                                       T* e, std::size_t row_length, Accumulator<T> (&others)[1]) {
  Batch<T> count_of_largest(T{0});
  add_up<T>(n, others, [&](std::size_t j, auto count, Batch<T>(&term)[1]) {
    fetch_if_whole(x + j + row_length, count);
    const Batch<T> zero(T{0});
    const Batch<T> logits = load_some<Batch<T>>(x + j, count, -std::numeric_limits<T>::infinity());
    const Batch<T> value = exponent(logits);
    const auto is_largest = logits == max;
    count_of_largest = xsimd::select(is_largest, count_of_largest + Batch<T>(T{1}), count_of_largest);
    term[0] = xsimd::select(is_largest, zero, value);
    if constexpr (keep) {
      fetch_to_write_if_whole(e + j + row_length, count);
      store_some(value, e + j, count);
    }
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

// What the exponentials of some rows add up to.
template <class T, std::size_t rows>
struct RowSums {
  T max[rows];         // of the logits
  double scale[rows];  // 1 / its exponential
  double ties[rows];   // how many others are as large
  double rest[rows];   // the sum of all others, times `scale`; NaN where the largest is not finite

  // From how many logits are as large as the largest, and the sum of the exponentials of the others.
  XTAPE_INLINE void finish(const double (&largest)[rows], const double (&others)[rows]) {
    for_rows<rows>([&]<class D>(std::size_t r, D) {
      const D top = load_rows<D>(max + r), tied = load_rows<D>(largest + r) - D(1.0);
      // Infinite less itself is NaN.
      const D nothing = D(0.0) * (top - top);
      store_rows(tied, ties + r);
      store_rows(load_rows<D>(others + r) * load_rows<D>(scale + r) + tied + nothing, rest + r);
    });
  }
};

// One row of many classes. Lanes are neighbouring classes.
template <class T>
class OneRow {
 public:
  static constexpr std::size_t most_rows = 1;

  OneRow(const T* x, std::size_t, std::size_t classes) : x_(x), classes_(classes) {}

  std::size_t rows() const { return 1; }
  std::size_t elements() const { return classes_; }
  const T* x() const { return x_; }
  T* values(T* destination) { return destination; }
  void write(const T*, T*) const {}
  const T* labels(const T* source) { return source; }

  template <bool keep>
  void normalise(RowSums<T, 1>& sums, T* e) const {
    const T max = largest_of(x_, classes_);
    with_exponent(max, [&](const auto& exponent) { sum_up<keep>(max, exponent, sums, e); });
  }
  void sum(const Accumulator<T>& terms, double* sums) const { sums[0] = terms.total(); }

  // The gradient e factor, less `scale` at the class of the row; `slope_of_largest` there if its logit is the
  // largest.
  template <class Labels, class Factors>
  void write_slopes(const Labels& labels, const T* max, const T* slope_of_largest, const double* scale,
                    const Factors& factors, T* e, T*) const {
    const auto multiply = factors.multiplication(*this);
    for_each_batch<T>(classes_, [&](std::size_t j, auto count) {
      store_some(multiply(load_some<Batch<T>>(e + j, count, T{0}), Batch<T>(T{0})), e + j, count);
    });
    T& slope = e[labels.label[0]];
    slope = labels.logit[0] == max[0] ? slope_of_largest[0] : static_cast<T>(slope - scale[0]);
  }
  Batch<T> of_row(const T* values) const { return Batch<T>(values[0]); }

 private:
  template <bool keep, class Exponent>
  void sum_up(T max, const Exponent& exponent, RowSums<T, 1>& sums, T* e) const {
    Accumulator<T> others[1];
    double largest = 0;
    constexpr std::size_t segment = std::size_t{1} << 24;
    for (std::size_t j = 0; j < classes_; j += segment) {
      const std::size_t count = classes_ - j < segment ? classes_ - j : segment;
      largest += sum_of_lanes(sum_exponentials<keep>(x_ + j, count, Batch<T>(max), exponent,
                                                     keep ? e + j : nullptr, classes_, others));
    }
    sums.max[0] = max;
    sums.scale[0] = exponent.scale(max);
    sums.finish({largest}, {others[0].total()});
  }

  const T* x_;
  std::size_t classes_;
};

inline constexpr std::size_t few_classes = 64;

// Several rows of few classes, brought into an order in which lanes are rows.
template <class T>
class FewClasses {
 public:
  static constexpr std::size_t most_rows = lanes<T>;

  FewClasses(const T* x, std::size_t rows, std::size_t classes) : rows_(rows), classes_(classes) {
    rows_to_lanes(x, classes, rows, classes, x_);
  }

  std::size_t rows() const { return rows_; }
  std::size_t elements() const { return classes_ * lanes<T>; }
  const T* x() const { return x_; }
  T* values(T*) { return values_; }

  void write(const T* values, T* destination) const {
    lanes_to_rows<few_classes>(values, rows_, classes_, destination);
  }
  const T* labels(const T* source) {
    rows_to_lanes(source, classes_, rows_, classes_, labels_);
    return labels_;
  }

  template <bool keep>
  void normalise(RowSums<T, lanes<T>>& sums, T* e) const {
    Batch<T> max = load<Batch<T>>(x_);
    for (std::size_t c = 1; c < classes_; ++c) max = xsimd::max(max, load<Batch<T>>(x_ + c * lanes<T>));
    const Anywhere<T> exponent(max);
    Accumulator<T> terms[1];
    double largest[lanes<T>], others[lanes<T>];
    Accumulator<T> count;
    count.add(sum_exponentials<keep>(x_, elements(), max, exponent, e, 0, terms));
    count.store(largest);
    store(max, sums.max);
    terms[0].store(others);
    for (std::size_t r = 0; r < lanes<T>; ++r) sums.scale[r] = exponent.scale(sums.max[r]);
    sums.finish(largest, others);
  }
  void sum(const Accumulator<T>& terms, double* sums) const { terms.store(sums); }

  template <class Labels, class Factors>
  void write_slopes(const Labels& labels, const T* max, const T* slope_of_largest, const double* scale,
                    const Factors& factors, T* e, T* gradient) const {
    T label[lanes<T>], high[lanes<T>], low[lanes<T>];  // the scale as a sum
    for (std::size_t r = 0; r < lanes<T>; ++r) {
      label[r] = static_cast<T>(labels.label[r]);
      high[r] = static_cast<T>(scale[r]);
      low[r] = static_cast<T>(scale[r] - high[r]);
    }
    const Batch<T> zero(T{0}), labels_of_rows = of_row(label), scales = of_row(high),
                               minus_low = -of_row(low);
    const Batch<T> slopes_of_largest = of_row(slope_of_largest);
    const auto is_largest = of_row(labels.logit) == of_row(max);
    const auto multiply = factors.multiplication(*this);
    for (std::size_t c = 0; c < classes_; ++c) {
      const Batch<T> exponential = load<Batch<T>>(e + c * lanes<T>);
      const Batch<T> of_label =
          xsimd::select(is_largest, slopes_of_largest, multiply(exponential, minus_low) - scales);
      const auto is_label = labels_of_rows == Batch<T>(static_cast<T>(c));
      store(xsimd::select(is_label, of_label, multiply(exponential, zero)), e + c * lanes<T>);
    }
    write(e, gradient);
  }
  Batch<T> of_row(const T* values) const { return load<Batch<T>>(values); }

 private:
  std::size_t rows_;
  std::size_t classes_;
  T x_[few_classes * lanes<T>];
  T values_[few_classes * lanes<T>];
  T labels_[few_classes * lanes<T>];
};

// Calls work(block, first row) for blocks of rows, and finish(first row, rows) after each that completes
// `together` rows, and at the end.
template <std::size_t together, class T, class Work, class Finish>
void for_row_blocks(const T* x, std::size_t rows, std::size_t classes, Work work, Finish finish) {
  for (std::size_t begin = 0; begin < rows; begin += together) {
    const std::size_t end = rows - begin < together ? rows : begin + together;
    if (classes > few_classes) {
      for (std::size_t r = begin; r < end; ++r) {
        OneRow<T> row(x + r * classes, 1, classes);
        work(row, r);
      }
    } else {
      for (std::size_t r = begin; r < end; r += lanes<T>) {
        FewClasses<T> block(x + r * classes, end - r < lanes<T> ? end - r : lanes<T>, classes);
        work(block, r);
      }
    }
    finish(begin, end - begin);
  }
}

}  // namespace
}  // namespace xtape::kernels
