// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>

#include "kernels/rounded.hpp"

#ifdef __FAST_MATH__
#error "xtape's sums carry rounding errors that -ffast-math would optimise away"
#endif

namespace xtape::kernels {

// A running sum of numbers of type T. Floats are summed in double; doubles with the rounding errors
// carried along (Neumaier, ZAMM 1974), so that the result of any number of terms is good to about an ulp
// of the sum of their magnitudes.
template <class T>
class Sum;

template <>
class Sum<float> {
 public:
  void add(double x) { sum_ += x; }
  void add(Rounded x) { add(x.nearest()); }
  double value() const { return sum_; }
  Rounded rounded() const { return {sum_}; }

 private:
  double sum_ = 0;
};

template <>
class Sum<double> {
 public:
  void add(double x) {
    const double next = sum_ + x;
    const bool sum_is_larger = std::abs(sum_) >= std::abs(x);
    error_ += sum_is_larger ? (sum_ - next) + x : (x - next) + sum_;
    sum_ = next;
  }
  void add(Rounded x) {
    add(x.value);
    error_ += x.value * x.low;
  }
  // The error of an infinite sum is inf - inf.
  double value() const { return std::isfinite(sum_) ? sum_ + error_ : sum_; }
  Rounded rounded() const {
    return std::isfinite(sum_) && sum_ != 0 ? Rounded{sum_, error_ / sum_} : Rounded{sum_};
  }

 private:
  double sum_ = 0;
  double error_ = 0;
};

}  // namespace xtape::kernels
