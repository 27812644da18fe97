// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// What a mean divides by. The elements are the losses that Reduction::none would give; an element is valid
/// if it is neither masked nor ignored, and has a class left under a class mask. The weights are the sample
/// weights, 1 where none are given.
enum class Divisor {
  elements,                     ///< their number, of the masked ones too
  valid_elements,               ///< the number of the valid ones
  sum_of_weights,               ///< the sum of their weights, broadcast to all valid elements
  sum_of_unbroadcast_weights,   ///< the sum of the weights as given; broadcast only to follow a mask
  sum_of_target_class_weights,  ///< the sum of the class weights of their labels, each times its sample
                                ///< weight
  nonzero_weights,              ///< the number of valid elements whose weight is not 0
};

/// What a mean gives when its divisor is 0. (If its weights add up to infinity, an ArgumentError.)
enum class EmptyMean {
  nan,    ///< what the division by 0 gives: NaN for no losses
  zero,   ///< 0, and gradients of 0
  error,  ///< an ArgumentError
};

/// What becomes of the losses of the samples. They are summed in double and rounded once. A divisor counts
/// as a constant for the gradient.
///
///     {.reduction = Reduction::none}
///     {.reduction = Reduction::mean_by(Divisor::sum_of_weights, EmptyMean::zero)}
///     {.reduction = Reduction::mean_by(4096)}   // gradient accumulation: the size of the whole batch
class Reduction {
 public:
  static const Reduction none;  ///< they are returned as they are
  static const Reduction sum;   ///< their sum; 0 for no samples
  static const Reduction mean;  ///< mean_by(Divisor::valid_elements); NaN for no samples

  /// The sum, divided by what is named.
  static constexpr Reduction mean_by(Divisor divisor, EmptyMean empty = EmptyMean::nan) {
    return {Kind::mean, divisor, empty, 1};
  }

  /// The sum divided by a number.
  /// @throws ArgumentError  the number or its reciprocal is not positive and finite; thrown by the loss.
  static constexpr Reduction mean_by(double divisor) {
    return {Kind::sum_over_number, Divisor::elements, EmptyMean::nan, divisor};
  }

  /// What a Reduction is, for code that goes by it.
  enum class Kind { none, sum, mean, sum_over_number };

  constexpr Kind kind() const { return kind_; }           ///< whether and how it reduces
  constexpr Divisor divisor() const { return divisor_; }  ///< of a mean
  constexpr EmptyMean empty() const { return empty_; }    ///< of a mean
  constexpr double number() const { return number_; }     ///< that a sum is divided by

 private:
  constexpr Reduction(Kind kind, Divisor divisor, EmptyMean empty, double number)
      : kind_(kind), divisor_(divisor), empty_(empty), number_(number) {}

  Kind kind_;
  Divisor divisor_;
  EmptyMean empty_;
  double number_;
};

inline constexpr Reduction Reduction::none{Kind::none, Divisor::elements, EmptyMean::nan, 1};
inline constexpr Reduction Reduction::sum{Kind::sum, Divisor::elements, EmptyMean::nan, 1};
inline constexpr Reduction Reduction::mean = mean_by(Divisor::valid_elements);

}  // namespace xtape::losses
#pragma GCC visibility pop
