// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

// Exact numbers come from a transcription into Python of the published algorithms (Blackman and Vigna's
// splitmix64.c and xoshiro256plusplus.c, Karney's algorithm N). Seeds are fixed, so that the statistical
// tests always do the same; each bound is one that a right generator passes for all but one seed in a
// million.

namespace {

constexpr std::size_t draws = 100'000;

template <class Draw>
std::vector<double> sample(Draw draw) {
  std::vector<double> result(draws);
  std::generate(result.begin(), result.end(), draw);
  return result;
}

// sqrt(n) times the largest distance between the sample's distribution function and the given one. By
// Kolmogorov's limit it exceeds 2.694 with probability 2 exp(-2 2.694^2) = 1e-6.
template <class DistributionFunction>
double kolmogorov_smirnov(std::vector<double> numbers, DistributionFunction expected) {
  std::sort(numbers.begin(), numbers.end());
  const auto n = static_cast<double>(numbers.size());
  double distance = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double at = expected(numbers[i]), rank = static_cast<double>(i);
    distance = std::max({distance, (rank + 1) / n - at, at - rank / n});
  }
  return std::sqrt(n) * distance;
}
constexpr double kolmogorov_limit = 2.694;

double chi_square(const std::vector<std::size_t>& counts) {
  const double total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0;
  for (const std::size_t count : counts) {
    sum += std::pow(static_cast<double>(count) - expected, 2) / expected;
  }
  return sum;
}

double mean_power(const std::vector<double>& numbers, int power) {
  double sum = 0;
  for (const double x : numbers) sum += std::pow(x, power);
  return sum / static_cast<double>(numbers.size());
}

}  // namespace

TEST_CASE("the generator is xoshiro256++ seeded by SplitMix64", "[core][random]") {
  const std::map<std::uint64_t, std::array<std::uint64_t, 5>> expected{
      {0,
       {0x53175d61490b23df, 0x61da6f3dc380d507, 0x5c0fdf91ec9a7bfc, 0x02eebf8c3bbe5e1a, 0x7eca04ebaf4a5eea}},
      {42,
       {0xd0764d4f4476689f, 0x519e4174576f3791, 0xfbe07cfb0c24ed8c, 0xb37d9f600cd835b8, 0xcb231c3874846a73}},
      {~std::uint64_t{0},
       {0x56ccf8ce948e27b2, 0xe68588432e5a5b90, 0xe3e9b5a48119ca8b, 0x460f19495532ae73, 0xa7d62040ea9263e1}}};
  for (const auto& [seed, numbers] : expected) {
    Random random(seed);
    for (const std::uint64_t number : numbers) CHECK(random() == number);
  }
  Random random(7);
  for (int i = 1; i < 1'000'000; ++i) random();
  CHECK(random() == 0x0699fc348ddd7152);
}

TEST_CASE("uniform and normal numbers of a seed are the same everywhere", "[core][random]") {
  Random uniform(42);
  CHECK(uniform.uniform() == 0x1.a0ec9a9e88ecdp-1);
  CHECK(uniform.uniform() == 0x1.467905d15dbccp-2);
  CHECK(uniform.uniform() == 0x1.f7c0f9f61849dp-1);
  Random normal(42);
  CHECK(normal.normal() == -0x1.b37d9f600cd83p+0);
  CHECK(normal.normal() == -0x1.8f3dfa98020e8p+0);
  CHECK(normal.normal() == 0x1.b3d5db2bfa344p-3);
  CHECK(normal.normal() == -0x1.6e4c468889668p-1);
}

TEST_CASE("generators of one seed agree and of two differ", "[core][random]") {
  Random a(5), b(5);
  CHECK(a == b);
  CHECK_FALSE(a == Random(6));
  a.normal();
  CHECK_FALSE(a == b);
  b.normal();
  CHECK(a == b);
  CHECK(Random() == Random(0));
}

TEST_CASE("Random serves as generator for the standard distributions", "[core][random]") {
  STATIC_REQUIRE(std::uniform_random_bit_generator<Random>);
  Random random(3);
  std::uniform_int_distribution<int> die(1, 6);
  const int rolled = die(random);
  CHECK(rolled >= 1);
  CHECK(rolled <= 6);
}

TEST_CASE("uniform numbers are uniform on the unit interval", "[core][random]") {
  Random random(1);
  const auto numbers = sample([&] { return random.uniform(); });
  CHECK(*std::min_element(numbers.begin(), numbers.end()) >= 0);
  CHECK(*std::max_element(numbers.begin(), numbers.end()) < 1);
  CHECK(kolmogorov_smirnov(numbers, [](double x) { return x; }) < kolmogorov_limit);
  // Five standard deviations: sqrt(1/12 / n) of the mean, sqrt(4/45 / n) of the mean square.
  CHECK_THAT(mean_power(numbers, 1), WithinAbs(1.0 / 2, 0.0046));
  CHECK_THAT(mean_power(numbers, 2), WithinAbs(1.0 / 3, 0.0048));
  const bool multiples =
      std::ranges::all_of(numbers, [](double x) { return std::floor(x * 0x1p53) == x * 0x1p53; });
  CHECK(multiples);
}

TEST_CASE("uniform numbers between two ends are uniform there and never reach the upper", "[core][random]") {
  Random random(2);
  const auto numbers = sample([&] { return random.uniform(-3, 5); });
  CHECK(kolmogorov_smirnov(numbers, [](double x) { return (x + 3) / 8; }) < kolmogorov_limit);

  const double above_one = std::nextafter(1, 2);
  for (int i = 0; i < 100; ++i) REQUIRE(random.uniform(1, above_one) == 1);
  CHECK(random.uniform(4, 4) == 4);
}

TEST_CASE("uniform numbers between ends further apart than the largest double are finite", "[core][random]") {
  Random random(2);
  constexpr double largest = std::numeric_limits<double>::max();
  const auto numbers = sample([&] { return random.uniform(-largest, largest); });
  CHECK(kolmogorov_smirnov(numbers, [](double x) { return x / largest / 2 + 0.5; }) < kolmogorov_limit);
}

TEST_CASE("uniform numbers between ends that are not finite come back as NaN", "[core][random]") {
  Random random(2);
  CHECK(std::isnan(random.uniform(-INFINITY, 0)));
  CHECK(std::isnan(random.uniform(0, NAN)));
  CHECK(std::isnan(random.uniform(0, INFINITY)));
}

TEST_CASE("uniform numbers between subnormal ends are at least the lower and below the upper",
          "[core][random]") {
  Random random(2);
  constexpr double least = std::numeric_limits<double>::denorm_min();
  const std::pair<double, double> ends[] = {
      {least, 2 * least}, {3 * least, 4 * least}, {0x1.fffffffffffffp-1022, 0x1p-1021}, {-least, least}};
  for (const auto& [low, high] : ends) {
    for (int draw = 0; draw < 100; ++draw) {
      const double x = random.uniform(low, high);
      CHECK((low <= x && x < high));
    }
  }
}

TEST_CASE("normal numbers follow the standard normal distribution", "[core][random]") {
  Random random(4);
  const auto numbers = sample([&] { return random.normal(); });
  CHECK(kolmogorov_smirnov(numbers, [](double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }) <
        kolmogorov_limit);
  // Five standard deviations: the n-th power has variance (2n - 1)!! - (its mean)^2.
  CHECK_THAT(mean_power(numbers, 1), WithinAbs(0, 5 * std::sqrt(1.0 / draws)));
  CHECK_THAT(mean_power(numbers, 2), WithinAbs(1, 5 * std::sqrt(2.0 / draws)));
  CHECK_THAT(mean_power(numbers, 3), WithinAbs(0, 5 * std::sqrt(15.0 / draws)));
  CHECK_THAT(mean_power(numbers, 4), WithinAbs(3, 5 * std::sqrt(96.0 / draws)));
  // 2 (1 - Phi(4)) = 6.3e-5: 6 of 100,000 are expected beyond 4; 25 or more with probability 1e-8.
  const auto far = std::ranges::count_if(numbers, [](double x) { return std::abs(x) > 4; });
  CHECK(far > 0);
  CHECK(far < 25);
}

TEST_CASE("below takes every integer under its bound equally often", "[core][random]") {
  // Chi-square exceeds the limit of its degrees of freedom with probability 1e-6.
  const auto [bound, limit] =
      GENERATE(table<std::uint64_t, double>({{3, 27.7}, {6, 35.9}, {7, 38.3}, {16, 56.5}}));
  Random random(bound);
  std::vector<std::size_t> counts(bound);
  for (std::size_t i = 0; i < draws; ++i) ++counts.at(random.below(bound));
  CHECK(chi_square(counts) < limit);
}

TEST_CASE("below of one is zero and of a huge bound has no bias", "[core][random]") {
  Random random(5);
  for (int i = 0; i < 100; ++i) REQUIRE(random.below(1) == 0);
  // A remainder without rejection would put two thirds of the draws into the lower half.
  constexpr std::uint64_t bound = 3 * (std::uint64_t{1} << 62);
  std::vector<std::size_t> thirds(3);
  for (std::size_t i = 0; i < draws; ++i) ++thirds.at(random.below(bound) / (bound / 3));
  CHECK(chi_square(thirds) < 27.7);
}

TEST_CASE("shuffle keeps every element", "[core][random]") {
  Random random(6);
  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 0);
  auto shuffled = numbers;
  random.shuffle(shuffled);
  CHECK(shuffled != numbers);
  std::sort(shuffled.begin(), shuffled.end());
  CHECK(shuffled == numbers);

  std::vector<int> empty, one{7};
  random.shuffle(empty);
  random.shuffle(one);
  CHECK(empty.empty());
  CHECK(one == std::vector<int>{7});
}

TEST_CASE("shuffle gives each of the 24 orders of four elements equally often", "[core][random]") {
  Random random(8);
  std::map<std::array<int, 4>, std::size_t> seen;
  for (std::size_t i = 0; i < draws; ++i) {
    std::array<int, 4> order{0, 1, 2, 3};
    random.shuffle(order);
    ++seen[order];
  }
  std::vector<std::size_t> counts;
  for (const auto& [order, count] : seen) counts.push_back(count);
  REQUIRE(counts.size() == 24);
  CHECK(chi_square(counts) < 70.6);  // probability 1e-6 with 23 degrees of freedom
}

TEST_CASE("Random::below refuses a bound of zero", "[core][random][errors]") {
  Random random(1);
  CHECK_THROWS_AS(random.below(0), ArgumentError);
  CHECK_THROWS_WITH(random.below(0), "Random::below: bound must be at least 1, got 0");
}

TEST_CASE("a generator that loads the state of another goes on with its numbers", "[core][random][state]") {
  Random one(42), other(7);
  for (int i = 0; i < 1000; ++i) one.normal();
  const NamedArrays state = one.state();
  CHECK(state.size() == 1);
  CHECK(state.get<std::uint64_t>("test", "state", {4}).size() == 4);
  other.load_state(state);
  CHECK(one == other);
  for (int i = 0; i < 100; ++i) CHECK(one.normal() == other.normal());
}

TEST_CASE("the state of a new generator is its four words", "[core][random][state]") {
  // SplitMix64 from seed 0.
  const NamedArrays state = Random(0).state();
  const auto words = state.get<std::uint64_t>("test", "state", {4});
  CHECK(words[0] == 0xe220a8397b1dcdaf);
  CHECK(words[1] == 0x6e789e6aa1b965f4);
  CHECK(words[2] == 0x06c45d188009454f);
  CHECK(words[3] == 0xf88bb8a8724c81ec);
}

TEST_CASE("states that no generator has are refused, and it stays as it was",
          "[core][random][state][errors]") {
  Random random(3);
  const auto with = [](const std::string& name, AnyArray array) {
    NamedArrays state;
    state.add(name, std::move(array));
    return state;
  };
  CHECK_THROWS_AS(random.load_state(with("state", AnyArray(Array<std::uint64_t>(Shape{4})))), ValueError);
  CHECK_THROWS_WITH(random.load_state(with("state", AnyArray(Array<std::uint64_t>(Shape{4})))),
                    "Random::load_state: 'state' must have a number other than 0, got 0 four times");
  CHECK_THROWS_WITH(random.load_state({}),
                    "Random::load_state: there must be an array 'state', got none at all");
  CHECK_THROWS_WITH(random.load_state(with("state", AnyArray(Array<std::int64_t>(Shape{4})))),
                    "Random::load_state: 'state' must hold uint64, got int64");
  CHECK_THROWS_AS(random.load_state(with("state", AnyArray(Array<std::uint64_t>(Shape{5})))), ShapeError);
  CHECK_THROWS_WITH(random.load_state(with("state", AnyArray(Array<std::uint64_t>(Shape{5})))),
                    "Random::load_state: 'state' must have shape (4), got (5)");
  NamedArrays more = random.state();
  more.add_scalar("more", 1.0f);
  CHECK_THROWS_WITH(random.load_state(more),
                    "Random::load_state: every array must have its place, got 'more' without one");
  CHECK(random == Random(3));
}
