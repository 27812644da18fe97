// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#pragma GCC visibility push(default)
namespace xtape {

class NamedArrays;

/// Pseudo-random numbers that are the same, bit for bit, with every compiler, standard library and
/// mathematical library: the distributions use only exact or correctly rounded operations.
///
/// Generator: xoshiro256++ seeded by SplitMix64 (Blackman and Vigna, Scrambled linear pseudorandom number
/// generators, ACM TOMS 2021). Its period is 2^256 - 1. Not for cryptography. Meets
/// UniformRandomBitGenerator.
class Random {
 public:
  /// As UniformRandomBitGenerator wants it; so are min() and max().
  using result_type = std::uint64_t;

  /// Generators of one seed give the same numbers.
  explicit Random(std::uint64_t seed = 0) noexcept;

  /// The smallest number that operator() gives.
  static constexpr result_type min() noexcept { return 0; }
  /// The largest one.
  static constexpr result_type max() noexcept { return ~result_type{0}; }

  /// 64 uniform bits.
  result_type operator()() noexcept;

  /// Uniform on [0, 1): a multiple of 2^-53.
  double uniform() noexcept;

  /// Uniform on [low, high); NaN where an end is not finite.
  double uniform(double low, double high) noexcept;

  /// An integer, each of 0 .. bound - 1 equally likely.
  /// @throws ArgumentError  bound is 0.
  std::uint64_t below(std::uint64_t bound);

  /// The standard normal distribution, by Karney's exact sampling (ACM TOMS 2016, algorithm N): it
  /// compares uniform numbers and so depends on no logarithm or cosine.
  double normal() noexcept;

  /// Puts the elements of a random-access range in an order drawn uniformly (Fisher and Yates).
  template <class Range>
  void shuffle(Range& range) {
    using std::swap;
    for (std::size_t i = range.size(); i > 1; --i) {
      swap(range[i - 1], range[static_cast<std::size_t>(below(i))]);
    }
  }

  /// Where the generator stands, as "state": 4 numbers of type uint64. One that loads it goes on with the
  /// same numbers. (For checkpoints; include "xtape/arrays/named_arrays.hpp".)
  NamedArrays state() const;

  /// @throws ArgumentError, ShapeError  names, type or shape are others.
  /// @throws ValueError                 all four numbers are 0: such a generator would give nothing else.
  void load_state(const NamedArrays& state);

  friend bool operator==(const Random&, const Random&) = default;

 private:
  bool bernoulli_exp_minus(double x) noexcept;

  std::array<std::uint64_t, 4> state_;
};

}  // namespace xtape
#pragma GCC visibility pop
