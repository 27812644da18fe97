// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <numeric>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("a split puts each row into one part", "[data][split]") {
  Random random(1);
  const auto split = data::train_test_split(100, 0.3, random);
  CHECK(split.train.size() == 70);
  CHECK(split.test.size() == 30);
  std::vector<std::size_t> all = split.train, expected(100);
  all.insert(all.end(), split.test.begin(), split.test.end());
  CHECK_FALSE(std::is_sorted(all.begin(), all.end()));
  std::sort(all.begin(), all.end());
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(all == expected);
}

TEST_CASE("the test part has the fraction of rows, rounded", "[data][split]") {
  Random random(1);
  CHECK(data::train_test_split(10, 0.25, random).test.size() == 3);
  CHECK(data::train_test_split(10, 0.24, random).test.size() == 2);
  CHECK(data::train_test_split(10, 0, random).test.empty());
  CHECK(data::train_test_split(10, 1, random).train.empty());
  CHECK(data::train_test_split(0, 0.5, random).train.empty());
}

TEST_CASE("each row is in the test part equally often", "[data][split]") {
  Random random(2);
  std::vector<double> times(4);
  for (int i = 0; i < 10'000; ++i) {
    for (const std::size_t row : data::train_test_split(4, 0.5, random).test) ++times[row];
  }
  // Five standard deviations of a binomial count: 5 sqrt(10000 / 4).
  for (const double count : times) CHECK_THAT(count, WithinAbs(5000, 250));
}

TEST_CASE("a split depends on the state of the generator alone", "[data][split]") {
  Random a(3), b(3);
  CHECK(data::train_test_split(50, 0.5, a).test == data::train_test_split(50, 0.5, b).test);
  CHECK(a == b);
  CHECK(data::train_test_split(50, 0.5, a).train != data::train_test_split(50, 0.5, a).train);
}

TEST_CASE("a test fraction outside [0, 1] is refused before a number is drawn", "[data][split][errors]") {
  Random random(1);
  CHECK_THROWS_AS(data::train_test_split(10, 1.5, random), ArgumentError);
  CHECK_THROWS_WITH(data::train_test_split(10, 1.5, random),
                    "train_test_split: test_fraction must be in [0, 1], got 1.5");
  CHECK_THROWS_WITH(data::train_test_split(10, -0.1, random),
                    "train_test_split: test_fraction must be in [0, 1], got -0.1");
  CHECK_THROWS_WITH(data::train_test_split(10, NAN, random),
                    "train_test_split: test_fraction must be in [0, 1], got nan");
  CHECK(random == Random(1));
}
