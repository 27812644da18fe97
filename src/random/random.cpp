// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/random/random.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "arrays/format.hpp"
#include "random/split_mix.hpp"
#include "xtape/arrays/named_arrays.hpp"

namespace xtape {

Random::Random(std::uint64_t seed) noexcept {
  for (std::uint64_t& word : state_) word = split_mix(seed += split_mix_increment);
}

Random::result_type Random::operator()() noexcept {
  auto& [a, b, c, d] = state_;
  const std::uint64_t result = std::rotl(a + d, 23) + a;
  const std::uint64_t shifted = b << 17;
  c ^= a;
  d ^= b;
  b ^= c;
  a ^= d;
  c ^= shifted;
  d = std::rotl(d, 45);
  return result;
}

double Random::uniform() noexcept { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

double Random::uniform(double low, double high) noexcept {
  if (!std::isfinite(low) || !std::isfinite(high)) return std::numeric_limits<double>::quiet_NaN();
  const double distance = high - low;
  // Halves where the distance of the ends overflows. Rounding can reach `high` where the interval is narrow
  // beside its ends.
  for (;;) {
    const double share = uniform();
    const double x =
        std::isfinite(distance) ? low + distance * share : 2 * (low / 2 + (high / 2 - low / 2) * share);
    if (x < high || !(low < high)) return x;
  }
}

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) throw ArgumentError("Random::below: bound must be at least 1, got 0");
  // Draws below 2^64 mod bound are rejected: what is left is a whole number of rounds of `bound`.
  const std::uint64_t rejected = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t draw = (*this)();
    if (draw >= rejected) return draw % bound;
  }
}

// True with probability exp(-x), 0 <= x <= 1: the length of a falling run of uniform numbers that
// starts below x is even with that probability (von Neumann 1951).
bool Random::bernoulli_exp_minus(double x) noexcept {
  bool even = true;
  for (double bound = x;; even = !even) {
    const double draw = uniform();
    if (!(draw < bound)) return even;
    bound = draw;
  }
}

double Random::normal() noexcept {
  for (;;) {
    // |normal| = k + x. First k >= 0 with probability proportional to exp(-k/2) ...
    int k = 0;
    while (bernoulli_exp_minus(0.5)) ++k;
    // ... times exp(-k (k - 1) / 2) ...
    bool accepted = true;
    for (int i = 0; accepted && i < k * (k - 1); ++i) accepted = bernoulli_exp_minus(0.5);
    // ... times exp(-x (2 k + x) / 2), taken as k + 1 equal factors, so that each exponent is at most 1.
    const double x = uniform();
    const double exponent = x * (2 * k + x) / (2 * k + 2);
    for (int i = 0; accepted && i <= k; ++i) accepted = bernoulli_exp_minus(exponent);
    if (accepted) return (*this)() >> 63 != 0 ? k + x : -(k + x);
  }
}

NamedArrays Random::state() const {
  NamedArrays state;
  state.add("state", ArrayView<const std::uint64_t>(state_));
  return state;
}

void Random::load_state(const NamedArrays& state) {
  const char* function = "Random::load_state";
  state.require_only(function, std::array{"state"});
  const auto words = state.get<std::uint64_t>(function, "state", {state_.size()});
  if (std::ranges::all_of(words, [](std::uint64_t word) { return word == 0; })) {
    fail<ValueError>("{}: 'state' must have a number other than 0, got 0 four times", function);
  }
  std::ranges::copy(words, state_.begin());
}

}  // namespace xtape
