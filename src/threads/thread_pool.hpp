// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

namespace xtape {

namespace detail {
void run_blocks(std::size_t blocks, void (*run)(void* context, std::size_t block), void* context);

// Whether a thread looks out for work, so that it need not be woken.
bool helper_is_awake() noexcept;
}  // namespace detail

/// Calls work(block) for each block in [0, blocks), on up to num_threads() threads, and returns when all
/// are done. Called by two threads at once, or from within a block, the later caller does its blocks alone.
/// Where a block throws, those that nobody has begun are left out, and when no thread is at work any more the
/// first exception goes on to the caller.
template <class Work>
void parallel_for(std::size_t blocks, Work work) {
  if (blocks <= 1) {
    if (blocks == 1) work(std::size_t{0});
    return;
  }
  detail::run_blocks(
      blocks, [](void* context, std::size_t block) { (*static_cast<Work*>(context))(block); }, &work);
}

/// Calls work(begin, end) for consecutive ranges of [0, count), of `length` each but the last.
template <class Work>
void parallel_for_ranges(std::size_t count, std::size_t length, Work work) {
  parallel_for((count + length - 1) / length, [&](std::size_t range) {
    const std::size_t begin = range * length;
    work(begin, count - begin < length ? count : begin + length);
  });
}

/// The same where the results do not depend on where a range ends: if there are more than one, an even number
/// of about equal ones, or as many as there are elements, none longer than `length`, so that two threads end
/// at the same time. If `length` is a multiple of 64, ranges of more than 1024 elements begin at such
/// multiples. `length` is what is worth waking a thread for; an eighth of it is worth the help of one that is
/// awake, and may have a part of the elements in its cache.
template <class Work>
void parallel_for_even_ranges(std::size_t count, std::size_t length, Work work) {
  constexpr std::size_t multiple = 64, long_range = 16 * multiple;
  if (count > length / 8 && length >= 8 && detail::helper_is_awake()) length /= 8;
  if (count <= length) return parallel_for_ranges(count, length, work);
  const std::size_t ranges = std::min(count, (count + 2 * length - 1) / (2 * length) * 2);
  const std::size_t unit = length % multiple == 0 && count / ranges >= long_range ? multiple : 1;
  const std::size_t units = (count + unit - 1) / unit;
  parallel_for(ranges, [&](std::size_t range) {
    work(units * range / ranges * unit, std::min(count, units * (range + 1) / ranges * unit));
  });
}

/// Calls work(array, begin, end) for parts of several arrays, which have size(array) elements: these are cut
/// as if they lay one behind the other, into even ranges of up to `length` elements, and each array at
/// multiples of 64.
template <class Size, class Work>
void parallel_for_arrays(std::size_t arrays, std::size_t length, Size size, Work work) {
  constexpr std::size_t multiple = 64;
  std::size_t elements = 0;
  for (std::size_t array = 0; array < arrays; ++array) elements += size(array);
  parallel_for_even_ranges(elements, length, [&](std::size_t begin, std::size_t end) {
    std::size_t first = 0;
    for (std::size_t array = 0; array < arrays && first < end; ++array) {
      const std::size_t count = size(array);
      const auto cut = [&](std::size_t element) {
        const std::size_t before = element > first ? element - first : 0;
        return std::min(count, (before + multiple - 1) / multiple * multiple);
      };
      if (cut(begin) < cut(end)) work(array, cut(begin), cut(end));
      first += count;
    }
  });
}

/// How many elements are worth waking a thread for: where each takes an exponential, and where a
/// multiplication.
inline constexpr std::size_t exponentials_per_block = std::size_t{1} << 15;
inline constexpr std::size_t products_per_block = std::size_t{1} << 17;

}  // namespace xtape
