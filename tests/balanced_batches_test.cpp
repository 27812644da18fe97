// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <map>
#include <numeric>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;
using data::BalancedBatches;

namespace {

using Rows = std::vector<std::size_t>;

// 20 rows of class 0, 5 of class 1 and 2 of class 7, mixed.
const std::vector<int> labels{0, 0, 1, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1,
                              0, 0, 0, 1, 0, 0, 7, 0, 0, 0, 1, 0, 0};

Rows all_rows() {
  Rows rows(labels.size());
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

Rows one_epoch(const BalancedBatches& batches) {
  Rows seen;
  for (const auto rows : batches) seen.insert(seen.end(), rows.begin(), rows.end());
  return seen;
}

template <class Range>
std::map<int, int> class_counts(const Range& rows) {
  std::map<int, int> counts;
  for (const std::size_t row : rows) ++counts[labels[row]];
  return counts;
}

}  // namespace

TEST_CASE("every class is equally frequent in each epoch", "[data][balanced_batches]") {
  BalancedBatches batches(all_rows(), labels, 6);
  Random random(1);
  for (int epoch = 0; epoch < 5; ++epoch) {
    CHECK(batches.size() == 10);
    CHECK(class_counts(one_epoch(batches)) == std::map<int, int>{{0, 20}, {1, 20}, {7, 20}});
    batches.shuffle(random);
  }
}

TEST_CASE("every class is equally frequent in each batch, up to what cannot be divided",
          "[data][balanced_batches]") {
  Random random(2);
  for (const std::size_t batch_size : {3u, 6u, 4u, 7u}) {
    BalancedBatches batches(all_rows(), labels, batch_size);
    batches.shuffle(random);
    for (const auto rows : batches) {
      const auto counts = class_counts(rows);
      int least = 100, most = 0;
      for (const int c : {0, 1, 7}) {
        const int count = counts.contains(c) ? counts.at(c) : 0;
        least = std::min(least, count);
        most = std::max(most, count);
      }
      CHECK(most - least <= (batch_size % 3 == 0 ? 0 : 2));
    }
  }
}

TEST_CASE("an epoch takes each row of a class as often as the others, up to one time",
          "[data][balanced_batches]") {
  BalancedBatches batches(all_rows(), labels, 8, {.rows_per_class = 13});
  Random random(3);
  batches.shuffle(random);
  std::map<std::size_t, int> times;
  for (const std::size_t row : one_epoch(batches)) ++times[row];
  int of_class_0 = 0;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == 0) {
      CHECK(times[row] <= 1);
      of_class_0 += times[row];
    } else {
      CHECK(times[row] >= (labels[row] == 1 ? 2 : 6));
      CHECK(times[row] <= (labels[row] == 1 ? 3 : 7));
    }
  }
  CHECK(of_class_0 == 13);
}

TEST_CASE("rows of a large class are drawn equally often over many epochs", "[data][balanced_batches]") {
  BalancedBatches batches(all_rows(), labels, 8, {.rows_per_class = 5});
  Random random(4);
  std::map<std::size_t, double> times;
  for (int epoch = 0; epoch < 4000; ++epoch) {
    batches.shuffle(random);
    for (const std::size_t row : one_epoch(batches)) ++times[row];
  }
  for (std::size_t row = 0; row < labels.size(); ++row) {
    // Five standard deviations of a binomial count with chance 1/4: 5 sqrt(4000 * 3 / 16).
    if (labels[row] == 0) CHECK_THAT(times[row], WithinAbs(1000, 137));
    if (labels[row] == 1) CHECK(times[row] == 4000);
  }
}

TEST_CASE("an epoch depends on the state of the generator alone", "[data][balanced_batches]") {
  BalancedBatches a(all_rows(), labels, 8), b(all_rows(), labels, 8);
  Random random(5), same(6), also(6);
  const Rows first = one_epoch(a);
  a.shuffle(random);
  CHECK(one_epoch(a) != first);
  a.shuffle(same);
  b.shuffle(also);
  CHECK(one_epoch(a) == one_epoch(b));
  CHECK(same == also);
}

TEST_CASE("balanced batches take only the rows that were given", "[data][balanced_batches]") {
  const BalancedBatches batches({5, 2, 0, 1}, labels, 4);
  const Rows rows = one_epoch(batches);
  CHECK(class_counts(rows) == std::map<int, int>{{0, 2}, {1, 2}, {7, 2}});
  CHECK(std::all_of(rows.begin(), rows.end(), [](std::size_t row) { return row <= 2 || row == 5; }));
  CHECK(BalancedBatches({}, labels, 4).size() == 0);
  CHECK(batches[1].size() == 2);
}

TEST_CASE("an epoch is saved and loaded", "[data][balanced_batches][state]") {
  BalancedBatches a(all_rows(), labels, 8), b(all_rows(), labels, 8);
  Random random(7);
  a.shuffle(random);
  b.load_state(a.state());
  CHECK(one_epoch(a) == one_epoch(b));

  BalancedBatches other({0, 2, 5}, labels, 8, {.rows_per_class = 20});
  const Rows before = one_epoch(other);
  CHECK_THROWS_AS(other.load_state(a.state()), ArgumentError);
  CHECK_THROWS_WITH(other.load_state(a.state()), ContainsSubstring("must be one of the 3 rows here, got"));
  CHECK_THROWS_AS(BalancedBatches({0, 2, 5}, labels, 8).load_state(a.state()), ShapeError);
  CHECK_THROWS_AS(other.load_state({}), ArgumentError);
  CHECK(one_epoch(other) == before);
}

TEST_CASE("balanced batches refuse rows without a class", "[data][balanced_batches][errors]") {
  CHECK_THROWS_AS(BalancedBatches({0, 27}, labels, 8), ArgumentError);
  CHECK_THROWS_WITH(BalancedBatches({0, 27}, labels, 8),
                    "BalancedBatches: rows[1] must be below the 27 class_indices, got 27");
  CHECK_THROWS_WITH(BalancedBatches({0}, labels, 0), "BalancedBatches: batch_size must be at least 1, got 0");
  CHECK_THROWS_AS(BalancedBatches({0}, xt::xarray<int>{{1, 2}}, 8), ShapeError);
  CHECK_THROWS_WITH(BalancedBatches({0}, xt::xarray<int>{{1, 2}}, 8),
                    "BalancedBatches: class_indices must be (rows), got (1, 2)");
}

TEST_CASE("balanced batches refuse more rows than there can be, and have none without rows",
          "[data][balanced_batches][errors]") {
  const xt::xarray<int> classes{0, 1, 1};
  CHECK_THROWS_WITH(data::BalancedBatches({0, 1, 2}, classes, 2, {.rows_per_class = std::size_t{1} << 63}),
                    ContainsSubstring("BalancedBatches: options.rows_per_class must be at most ") &&
                        ContainsSubstring(" for 2 classes, got 9223372036854775808"));
  data::BalancedBatches none({}, xt::xarray<int>::from_shape({0}), 2,
                             {.rows_per_class = std::size_t{1} << 40});
  Random random(1);
  none.shuffle(random);
  CHECK(none.begin() == none.end());
}

TEST_CASE("balanced batches take no row of ignore_index", "[data][balanced_batches][ignore_index]") {
  const std::vector<int> some{0, -1, 0, 1, -1, 0, -1, -1, -1};
  Rows rows(some.size());
  std::iota(rows.begin(), rows.end(), 0);
  BalancedBatches batches(rows, some, 4, {.ignore_index = -1});
  Random random(1);
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::map<int, int> counts;
    for (const std::size_t row : one_epoch(batches)) ++counts[some[row]];
    CHECK(counts == std::map<int, int>{{0, 3}, {1, 3}});  // as many as the largest class that is left
    batches.shuffle(random);
  }
  // Without it -1 is the largest class.
  CHECK(one_epoch(BalancedBatches(rows, some, 4)).size() == 15);
  CHECK_THROWS_AS(BalancedBatches({1, 4}, some, 4, {.ignore_index = -1}), ArgumentError);
  CHECK_THROWS_WITH(BalancedBatches({1, 4}, some, 4, {.ignore_index = -1}),
                    "BalancedBatches: class_indices must have an entry besides ignore_index = -1, got none "
                    "in 2 rows");
  CHECK(BalancedBatches({}, some, 4, {.ignore_index = -1}).size() == 0);
}
