// SPDX-License-Identifier: BSD-3-Clause
// Means and variances, of one row or, in batches, of several.
#pragma once

#include "kernels/simd/accumulator.hpp"
#include "kernels/simd/row_numbers.hpp"
#include "kernels/standardise_kernels.hpp"

namespace xtape::kernels {
namespace {

// x with zeros in the lanes beyond the count.
XTAPE_INLINE Wide only_some(Wide x, All) { return x; }
XTAPE_INLINE Wide only_some(Wide x, std::size_t count) {
  static constexpr double ones[] = {1, 1, 1, 1, 1, 1, 1, 1};
  static_assert(lanes<double> <= sizeof ones / sizeof *ones);
  return x * load_partly<Wide>(ones, count, 0.0);
}

// The mean of n numbers, without `rest`, and their variance, from the sums of their distances from a center
// and of the squares of those.
template <class D>
struct MomentsAbout {
  D mean, rest, variance;

  XTAPE_INLINE MomentsAbout(D center, D distances, D squares, double n)
      : mean(center), rest(distances / D(n)), variance((squares - distances * rest) / D(n)) {
    variance = where(variance < D(0.0), D(0.0), variance);
  }
};

// What the distances of doubles are taken from: about their mean, which costs a pass, they lose nothing. The
// variance is a difference, of the mean square and the square of what the center is off the mean; as no
// number is further from the mean of n than sqrt(n) deviations, it loses at most log2(n) of the 53 digits
// about any of them, of which that of floats can do without 20.
template <class T>
inline constexpr bool center_is_mean = sizeof(T) == 8;

// The same by work(center), which makes it about a center; of floats again, about the mean, if that has to
// be.
template <class T, class D, class Work>
XTAPE_INLINE MomentsAbout<D> moments_from(D center, Work work) {
  MomentsAbout<D> moments = work(center);
  if constexpr (!center_is_mean<T>) {
    const auto has_lost = moments.rest * moments.rest > D(0x1p20) * moments.variance;
    if (any(has_lost)) moments = work(where(has_lost, moments.mean + moments.rest, moments.mean));
    // They need no rest. NaN if one is infinite, wherever it is.
    moments.mean += moments.rest + (moments.rest - moments.rest);
    moments.rest = D(0.0);
  }
  return moments;
}

// x - mean; that of floats has no rest.
template <class Precision>
class Distance {
 public:
  Distance() = default;
  XTAPE_INLINE explicit Distance(const Standard& s) : mean_(s.mean), rest_(s.rest) {}
  XTAPE_INLINE Wide operator()(Wide x) const {
    if constexpr (std::is_same_v<Precision, Single>) return x - mean_;
    return (x - mean_) - rest_;
  }

 private:
  Wide mean_, rest_;
};

}  // namespace
}  // namespace xtape::kernels
