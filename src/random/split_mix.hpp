// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace xtape {

// SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014): its
// numbers are split_mix(seed + increment), split_mix(seed + 2 increment) and so on.
inline constexpr std::uint64_t split_mix_increment = 0x9e3779b97f4a7c15;

// Of one state, or of a vector of them. Never a function of its own: what is compiled for one kind of
// processor must not serve another.
template <class Words>
[[gnu::always_inline]] constexpr Words split_mix(Words state) {
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
  return state ^ (state >> 31);
}

}  // namespace xtape
