// SPDX-License-Identifier: BSD-3-Clause
#include "multiply_adds.hpp"

#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

namespace benchmarks {
namespace {

#ifdef __AVX512F__
constexpr std::size_t register_bytes = 64;
#else
constexpr std::size_t register_bytes = 32;
#endif

using Register [[gnu::vector_size(register_bytes)]] = float;

// Of two units that take four cycles each, eight chains keep all busy.
constexpr std::size_t chains = 10;

float multiply_adds() {
  constexpr int rounds = 10'000'000;
  std::array<Register, chains> sums{};
  for (std::size_t chain = 0; chain < chains; ++chain) sums[chain] += 1 / static_cast<float>(chain + 1);
  Register factor{}, addend{};
  factor += 0.5F;
  addend += 1.0F;
  for (int round = 0; round < rounds; ++round) {
    for (Register& sum : sums) sum = sum * factor + addend;
  }
  Register total{};
  for (const Register& sum : sums) total += sum;
  return total[0];
}

}  // namespace

double seconds_of_multiply_adds(std::size_t threads) {
  using Clock = std::chrono::steady_clock;
  std::barrier together(static_cast<std::ptrdiff_t>(threads));
  std::vector<float> results(threads);
  double seconds = 0;
  const auto work = [&](std::size_t thread) {
    together.arrive_and_wait();
    const auto start = Clock::now();
    results[thread] = multiply_adds();
    together.arrive_and_wait();
    if (thread == 0) seconds = std::chrono::duration<double>(Clock::now() - start).count();
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
    work(0);
  }
  // Every sum goes to 2: what is asked for cannot be left out.
  return std::ranges::all_of(results, [](float sum) { return sum > 0; }) ? seconds : 0;
}

}  // namespace benchmarks
