// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <map>
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

namespace {

using Rows = std::vector<std::size_t>;

// So many rows of each class, the classes one after the other.
std::vector<std::int32_t> labels_with_counts(const std::map<int, int>& counts) {
  std::vector<std::int32_t> labels;
  for (const auto& [label, count] : counts)
    labels.insert(labels.end(), static_cast<std::size_t>(count), label);
  return labels;
}

std::map<int, int> counts_of(const std::vector<std::int32_t>& labels, const Rows& rows) {
  std::map<int, int> counts;
  for (const std::size_t row : rows) ++counts[labels[row]];
  return counts;
}

Rows sorted_rows(const data::Split& split) {
  Rows rows = split.train;
  rows.insert(rows.end(), split.test.begin(), split.test.end());
  std::sort(rows.begin(), rows.end());
  return rows;
}

Rows row_numbers(std::size_t count) {
  Rows rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace

TEST_CASE("a stratified split takes the fraction of each class", "[data][split][stratified]") {
  const auto labels = labels_with_counts({{-3, 100}, {0, 50}, {9, 10}});
  Random random(1);
  const data::Split split = data::stratified_train_test_split(labels, 0.3, random);
  CHECK(counts_of(labels, split.test) == std::map<int, int>{{-3, 30}, {0, 15}, {9, 3}});
  CHECK(counts_of(labels, split.train) == std::map<int, int>{{-3, 70}, {0, 35}, {9, 7}});
  CHECK(sorted_rows(split) == row_numbers(160));
  CHECK_FALSE(std::is_sorted(split.train.begin(), split.train.end()));
  CHECK_FALSE(std::is_sorted(split.test.begin(), split.test.end()));
}

TEST_CASE("a stratified split rounds each class up or down and the whole as without classes",
          "[data][split][stratified]") {
  Random random(2);
  for (const std::map<int, int>& counts : {std::map<int, int>{{0, 7}, {1, 5}, {2, 3}},
                                           {{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}},
                                           {{0, 29}, {1, 71}},
                                           {}}) {
    const auto labels = labels_with_counts(counts);
    for (const double fraction : {0.0, 0.1, 0.29, 0.5, 0.7, 1.0}) {
      const auto split = data::stratified_train_test_split(labels, fraction, random);
      CHECK(split.test.size() == data::train_test_split(labels.size(), fraction, random).test.size());
      CHECK(sorted_rows(split) == row_numbers(labels.size()));
      const auto got = counts_of(labels, split.test);
      for (const auto& [label, count] : counts) {
        const int taken = got.contains(label) ? got.at(label) : 0;
        CHECK(std::abs(taken - fraction * count) < 1);
      }
    }
  }
}

TEST_CASE("k_fold gives each row to one test, in parts of one size", "[data][split][k_fold]") {
  Random random(3);
  const auto splits = data::k_fold(23, 5, random);
  REQUIRE(splits.size() == 5);
  Rows tests;
  for (const data::Split& split : splits) {
    CHECK(split.test.size() >= 4);
    CHECK(split.test.size() <= 5);
    CHECK(sorted_rows(split) == row_numbers(23));
    tests.insert(tests.end(), split.test.begin(), split.test.end());
  }
  CHECK_FALSE(std::is_sorted(tests.begin(), tests.end()));
  std::sort(tests.begin(), tests.end());
  CHECK(tests == row_numbers(23));
  CHECK(data::k_fold(2, 2, random)[0].train.size() == 1);
}

TEST_CASE("stratified_k_fold spreads each class evenly", "[data][split][k_fold][stratified]") {
  const std::map<int, int> counts{{0, 33}, {1, 7}, {5, 2}, {6, 11}};
  const auto labels = labels_with_counts(counts);
  Random random(4);
  const auto splits = data::stratified_k_fold(labels, 4, random);
  REQUIRE(splits.size() == 4);
  Rows tests;
  for (const data::Split& split : splits) {
    CHECK(std::abs(static_cast<double>(split.test.size()) - 53 / 4.0) < 1);
    CHECK(sorted_rows(split) == row_numbers(53));
    const auto got = counts_of(labels, split.test);
    for (const auto& [label, count] : counts) {
      const int taken = got.contains(label) ? got.at(label) : 0;
      CHECK(std::abs(taken - count / 4.0) < 1);
    }
    tests.insert(tests.end(), split.test.begin(), split.test.end());
  }
  std::sort(tests.begin(), tests.end());
  CHECK(tests == row_numbers(53));
}

TEST_CASE("folds depend on the state of the generator alone", "[data][split][k_fold][stratified]") {
  const auto labels = labels_with_counts({{0, 10}, {1, 10}});
  Random a(5), b(5);
  CHECK(data::k_fold(20, 3, a)[1].train == data::k_fold(20, 3, b)[1].train);
  CHECK(data::stratified_k_fold(labels, 3, a)[2].test == data::stratified_k_fold(labels, 3, b)[2].test);
  CHECK(data::stratified_train_test_split(labels, 0.4, a).test ==
        data::stratified_train_test_split(labels, 0.4, b).test);
  CHECK(a == b);
  CHECK(data::stratified_k_fold(labels, 3, a)[0].test != data::stratified_k_fold(labels, 3, a)[0].test);
}

TEST_CASE("folds and classes that make no split are refused before a number is drawn",
          "[data][split][k_fold][stratified][errors]") {
  Random random(1);
  const std::vector<int> labels{0, 1, 1};
  const xt::xarray<int> matrix{{0, 1}};
  CHECK_THROWS_AS(data::k_fold(10, 1, random), ArgumentError);
  CHECK_THROWS_WITH(data::k_fold(10, 1, random), "k_fold: folds must be from 2 to the 10 rows, got 1");
  CHECK_THROWS_WITH(data::k_fold(10, 11, random), "k_fold: folds must be from 2 to the 10 rows, got 11");
  CHECK_THROWS_WITH(data::stratified_k_fold(labels, 4, random),
                    "stratified_k_fold: folds must be from 2 to the 3 rows, got 4");
  CHECK_THROWS_AS(data::stratified_k_fold(matrix, 2, random), ShapeError);
  CHECK_THROWS_WITH(data::stratified_k_fold(matrix, 2, random),
                    "stratified_k_fold: class_indices must be (rows), got (1, 2)");
  CHECK_THROWS_WITH(data::stratified_train_test_split(labels, 2, random),
                    "stratified_train_test_split: test_fraction must be in [0, 1], got 2");
  CHECK_THROWS_AS(data::stratified_train_test_split(matrix, 0.5, random), ShapeError);
  CHECK(random == Random(1));
}

TEST_CASE("stratified splits leave the rows of ignore_index out of every part",
          "[data][split][stratified][ignore_index]") {
  const auto labels = labels_with_counts({{-1, 50}, {0, 20}, {1, 10}});
  Rows labelled(30);
  std::iota(labelled.begin(), labelled.end(), 50);
  Random random(6);
  const auto split = data::stratified_train_test_split(labels, 0.3, random, {.ignore_index = -1});
  CHECK(counts_of(labels, split.test) == std::map<int, int>{{0, 6}, {1, 3}});
  CHECK(counts_of(labels, split.train) == std::map<int, int>{{0, 14}, {1, 7}});
  CHECK(sorted_rows(split) == labelled);
  for (const auto& fold : data::stratified_k_fold(labels, 5, random, {.ignore_index = -1})) {
    CHECK(counts_of(labels, fold.test) == std::map<int, int>{{0, 4}, {1, 2}});
    CHECK(sorted_rows(fold) == labelled);
  }
  // Without it they are a class like any other.
  CHECK(counts_of(labels, data::stratified_train_test_split(labels, 0.3, random).test) ==
        std::map<int, int>{{-1, 15}, {0, 6}, {1, 3}});
}

TEST_CASE("a split with ignore_index is that of the other rows alone", "[data][split][ignore_index]") {
  const std::vector<int> labels{0, 1, 0, 1, 1, 0, -1, -1};
  Random a(7), b(7);
  CHECK(data::stratified_train_test_split(labels, 0.5, a, {.ignore_index = -1}).train ==
        data::stratified_train_test_split(std::vector<int>(labels.begin(), labels.end() - 2), 0.5, b).train);
  CHECK(a == b);
}

TEST_CASE("splits of which ignore_index leaves too little are refused before a number is drawn",
          "[data][split][ignore_index][errors]") {
  Random random(1);
  const std::vector<int> none{-1, -1, -1}, two{-1, 0, 1};
  CHECK_THROWS_AS(data::stratified_train_test_split(none, 0.5, random, {.ignore_index = -1}), ArgumentError);
  CHECK_THROWS_WITH(data::stratified_train_test_split(none, 0.5, random, {.ignore_index = -1}),
                    "stratified_train_test_split: class_indices must have an entry besides ignore_index = "
                    "-1, got none in 3 rows");
  CHECK_THROWS_WITH(data::stratified_k_fold(two, 3, random, {.ignore_index = -1}),
                    "stratified_k_fold: folds must be from 2 to the 2 rows, got 3");
  CHECK(random == Random(1));
}
