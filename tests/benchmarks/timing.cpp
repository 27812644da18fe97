// SPDX-License-Identifier: BSD-3-Clause
#include "timing.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstring>
#include <limits>
#include <thread>

namespace benchmarks {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The first half is not timed: another side's arrays are in the caches then, and threads of OpenMP stay awake
// for milliseconds after their last work.
double time_in_turn(const Side& side) {
  constexpr double half = 0.05;
  side.prepare();
  int runs = 0;
  const auto warm_up = Clock::now();
  for (; runs == 0 || seconds_since(warm_up) < half; ++runs) side.run();

  const auto start = Clock::now();
  for (int i = 0; i < runs; ++i) side.run();
  return seconds_since(start) / runs;
}

}  // namespace

std::vector<double> best_times(const std::vector<Side>& sides, double seconds) {
  constexpr int fewest_turns = 3;
  std::vector<double> best(sides.size(), std::numeric_limits<double>::infinity());
  const auto start = Clock::now();
  for (int turn = 0; turn < fewest_turns || seconds_since(start) < seconds; ++turn) {
    for (std::size_t i = 0; i < sides.size(); ++i) best[i] = std::min(best[i], time_in_turn(sides[i]));
  }
  return best;
}

double copy_time(std::size_t bytes, std::size_t threads) {
  constexpr int rounds = 30;
  const std::size_t copies = std::max<std::size_t>(1, (std::size_t{16} << 20) / bytes);
  const std::vector<char> from(bytes, 1);
  std::vector<char> to(bytes);
  std::barrier together(static_cast<std::ptrdiff_t>(threads));
  std::vector<double> best(threads, std::numeric_limits<double>::infinity());

  const auto copy_part = [&](std::size_t part) {
    const std::size_t first = bytes * part / threads, last = bytes * (part + 1) / threads;
    for (int round = 0; round < rounds; ++round) {
      together.arrive_and_wait();
      const auto start = Clock::now();
      for (std::size_t i = 0; i < copies; ++i) {
        std::memcpy(to.data() + first, from.data() + first, last - first);
        benchmark::ClobberMemory();
      }
      together.arrive_and_wait();
      best[part] = std::min(best[part], seconds_since(start) / static_cast<double>(copies));
    }
  };
  std::vector<std::jthread> others;
  for (std::size_t part = 1; part < threads; ++part) others.emplace_back(copy_part, part);
  copy_part(0);
  return best[0];
}

}  // namespace benchmarks
