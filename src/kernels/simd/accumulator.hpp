// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "kernels/simd/batch.hpp"

namespace xtape::kernels {
namespace {

// A running sum of batches, in which every lane is good to about an ulp of the sum of its magnitudes: floats,
// and doubles that need no more than the precision of floats, are summed in double, other doubles with the
// rounding errors carried along (Knuth's two-sum). Some may go on from sums in memory, and what these have
// lost, and be kept there.
template <class T>
class Accumulator;

template <>
class Accumulator<Single> {
 public:
  XTAPE_INLINE Accumulator() = default;
  XTAPE_INLINE Accumulator(Wide sum, Wide) : sum_(sum) {}
  template <class Count>
  XTAPE_INLINE Accumulator(const double* sums, const double*, Count count)
      : sum_(load_some<Wide>(sums, count, 0.0)) {}
  template <class Count>
  XTAPE_INLINE void keep(double* sums, double*, Count count) const {
    store_some(sum_, sums, count);
  }

  XTAPE_INLINE void add(Wide x) { sum_ += x; }
  XTAPE_INLINE void add_product(Wide x, Wide y) { sum_ = multiply_add(x, y, sum_); }
  XTAPE_INLINE void add(const Accumulator& other) { sum_ += other.sum_; }
  XTAPE_INLINE Wide value() const { return sum_; }
  XTAPE_INLINE double total() const { return sum_of_lanes(sum_); }

 private:
  Wide sum_ = Wide(0.0);
};

template <>
class Accumulator<double> {
 public:
  XTAPE_INLINE Accumulator() = default;
  XTAPE_INLINE Accumulator(Wide sum, Wide error) : sum_(sum), error_(error) {}
  template <class Count>
  XTAPE_INLINE Accumulator(const double* sums, const double* errors, Count count)
      : sum_(load_some<Wide>(sums, count, 0.0)), error_(load_some<Wide>(errors, count, 0.0)) {}
  template <class Count>
  XTAPE_INLINE void keep(double* sums, double* errors, Count count) const {
    store_some(sum_, sums, count);
    store_some(error_, errors, count);
  }

  XTAPE_INLINE void add(Wide x) {
    const Wide next = sum_ + x, back = next - sum_;
    error_ += (sum_ - (next - back)) + (x - back);
    sum_ = next;
  }
  XTAPE_INLINE void add_product(Wide x, Wide y) { add(x * y); }

  XTAPE_INLINE void add(const Accumulator& other) {
    add(other.sum_);
    error_ += other.error_;
  }

  // The error of an infinite sum is inf - inf.
  XTAPE_INLINE Wide value() const { return xsimd::select(error_ - error_ == Wide(0.0), sum_ + error_, sum_); }
  XTAPE_INLINE void store(double* sums) const { kernels::store(value(), sums); }
  // And what these have lost.
  XTAPE_INLINE void store(double* sums, double* errors) const {
    const Wide rounded = value(), lost = (sum_ - rounded) + error_;
    kernels::store(rounded, sums);
    kernels::store(xsimd::select(lost - lost == Wide(0.0), lost, Wide(0.0)), errors);
  }

  XTAPE_INLINE double total() const {
    double lost;
    return total(lost);
  }
  XTAPE_INLINE double total(double& rest) const {
    double sum[lanes<double>], lost[lanes<double>];
    kernels::store(sum_, sum);
    kernels::store(error_, lost);
    double total = sum[0], error = lost[0];
    for (std::size_t i = 1; i < lanes<double>; ++i) {
      const double next = total + sum[i], back = next - total;
      error += ((total - (next - back)) + (sum[i] - back)) + lost[i];
      total = next;
    }
    rest = 0;
    if (error - error != 0) return total;
    const double rounded = total + error;
    if (rounded - rounded == 0) rest = (total - rounded) + error;
    return rounded;
  }

 private:
  Wide sum_ = Wide(0.0);
  Wide error_ = Wide(0.0);
};

template <>
class Accumulator<float> {
 public:
  XTAPE_INLINE void add(Batch<float> x) {
    low_ += low_half(x);
    high_ += high_half(x);
  }
  XTAPE_INLINE void store(double* sums) const {
    kernels::store(low_, sums);
    kernels::store(high_, sums + lanes<double>);
  }
  XTAPE_INLINE double total() const {
    double sums[lanes<float>];
    store(sums);
    for (std::size_t width = lanes<float> / 2; width > 0; width /= 2) {
      for (std::size_t i = 0; i < width; ++i) sums[i] += sums[i + width];
    }
    return sums[0];
  }

 private:
  Wide low_ = Wide(0.0);
  Wide high_ = Wide(0.0);
};

// Adds a batch of terms to as many sums, and what the sums of doubles lose to the errors.
template <class T, class Count>
XTAPE_INLINE void add_to_sums(Wide term, Count count, double* sums, double* errors) {
  Accumulator<PrecisionOf<T>> sum(sums, errors, count);
  sum.add(term);
  sum.keep(sums, errors, count);
}

}  // namespace
}  // namespace xtape::kernels
