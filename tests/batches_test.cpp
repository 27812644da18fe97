// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <iterator>
#include <numeric>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

using Rows = std::vector<std::size_t>;

Rows row_numbers(std::size_t count) {
  Rows rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

Rows one_epoch(const data::Batches& batches) {
  Rows seen;
  for (const auto rows : batches) seen.insert(seen.end(), rows.begin(), rows.end());
  return seen;
}

}  // namespace

TEST_CASE("batches hold the rows in order, the last batch what is left", "[data][batches]") {
  const data::Batches batches({7, 3, 9, 1, 5}, 2);
  REQUIRE(batches.size() == 3);
  CHECK(Rows(batches[0].begin(), batches[0].end()) == Rows{7, 3});
  CHECK(Rows(batches[1].begin(), batches[1].end()) == Rows{9, 1});
  CHECK(Rows(batches[2].begin(), batches[2].end()) == Rows{5});
  CHECK(one_epoch(batches) == Rows{7, 3, 9, 1, 5});
}

TEST_CASE("batches that divide the rows evenly are all full", "[data][batches]") {
  const data::Batches batches(row_numbers(6), 3);
  CHECK(batches.size() == 2);
  CHECK(batches[1].size() == 3);
  const data::Batches one(row_numbers(6), 100);
  CHECK(one.size() == 1);
  CHECK(one[0].size() == 6);
}

TEST_CASE("a batch may be larger than any memory", "[data][batches]") {
  const data::Batches batches({3, 4, 5}, SIZE_MAX);
  REQUIRE(batches.size() == 1);
  CHECK(batches[0].size() == 3);
}

TEST_CASE("no rows make no batches", "[data][batches]") {
  const data::Batches batches({}, 4);
  CHECK(batches.size() == 0);
  CHECK(batches.begin() == batches.end());
}

TEST_CASE("each epoch holds each row once, in a new order", "[data][batches]") {
  data::Batches batches(row_numbers(50), 8);
  Random random(1);
  Rows before = one_epoch(batches);
  for (int epoch = 0; epoch < 3; ++epoch) {
    batches.shuffle(random);
    Rows seen = one_epoch(batches);
    CHECK(seen != before);
    before = seen;
    std::sort(seen.begin(), seen.end());
    CHECK(seen == row_numbers(50));
  }
}

TEST_CASE("a batch points into the row numbers, without a copy", "[data][batches]") {
  const data::Batches batches(row_numbers(6), 2);
  CHECK(batches[1].data() == batches[0].data() + 2);
  CHECK((*std::next(batches.begin())).data() == batches[1].data());
}

TEST_CASE("the iterator of batches is a forward iterator in all but its reference", "[data][batches]") {
  STATIC_REQUIRE(std::input_iterator<data::Batches::Iterator>);
  const data::Batches batches(row_numbers(6), 2);
  auto batch = batches.begin();
  CHECK((*batch++)[0] == 0);
  CHECK((*batch)[0] == 2);
  CHECK(std::distance(batches.begin(), batches.end()) == 3);
}

TEST_CASE("a batch size of zero is refused", "[data][batches][errors]") {
  CHECK_THROWS_AS(data::Batches({1, 2}, 0), ArgumentError);
  CHECK_THROWS_WITH(data::Batches({1, 2}, 0), "Batches: batch_size must be at least 1, got 0");
}

TEMPLATE_TEST_CASE("take_rows gathers features into a constant", "[data][batches]", float, double) {
  Tape<TestType> tape;
  const xt::xarray<TestType> features{{1, 2}, {3, 4}, {5, 6}};
  const auto x = data::take_rows(tape, features, Rows{2, 0, 2});
  CHECK(x.shape() == Shape{3, 2});
  CHECK_THAT(values(x), AllClose({5, 6, 1, 2, 5, 6}, 0));
  CHECK_FALSE(x.requires_grad());
  CHECK(data::take_rows(tape, features, Rows{}).shape() == Shape{0, 2});
}

TEST_CASE("take_rows gathers class indices into memory of the tape", "[data][batches]") {
  Tape<float> tape;
  const std::vector<std::int64_t> labels{7, 8, 9};
  const std::size_t nodes = tape.statistics().nodes;
  const ArrayView<const std::int64_t> taken = data::take_rows(tape, labels, Rows{1, 1, 2});
  CHECK(taken.shape() == Shape{3});
  CHECK_THAT(values(xt::xarray<double>(view(taken))), AllClose({8, 8, 9}, 0));
  CHECK(tape.statistics().nodes == nodes);
}

TEST_CASE("take_rows keeps the axes behind the first", "[data][batches]") {
  Tape<double> tape;
  const xt::xarray<double> images{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
  const auto x = data::take_rows(tape, images, Rows{1});
  CHECK(x.shape() == Shape{1, 2, 2});
  CHECK_THAT(values(x), AllClose({5, 6, 7, 8}, 0));
}

TEST_CASE("take_rows refuses rows that are not there and leaves the tape as it was",
          "[data][batches][errors]") {
  Tape<double> tape;
  const xt::xarray<double> features{{1, 2}, {3, 4}};
  const std::vector<std::int64_t> labels{1, 2};
  CHECK_THROWS_AS(data::take_rows(tape, features, Rows{0, 2}), ArgumentError);
  CHECK_THROWS_WITH(data::take_rows(tape, features, Rows{0, 2}),
                    "take_rows: rows[1] must be below the 2 rows of array (2, 2), got 2");
  CHECK_THROWS_WITH(data::take_rows(tape, labels, Rows{5}),
                    "take_rows: rows[0] must be below the 2 rows of array (2), got 5");
  const double scalar = 1;
  const ArrayView<const double> no_rows(&scalar, {});
  CHECK_THROWS_AS(data::take_rows(tape, no_rows, Rows{0}), ShapeError);
  CHECK_THROWS_WITH(data::take_rows(tape, no_rows, Rows{0}), "take_rows: array must have rows, got a scalar");
  CHECK(tape.statistics().nodes == 0);
  CHECK(tape.statistics().bytes_in_use == 0);
}

TEST_CASE("Batches refuses a batch that there is not", "[data][batches][errors]") {
  const data::Batches batches({0, 1, 2}, 2);
  CHECK(batches[1].size() == 1);
  CHECK_THROWS_WITH(batches[2], "Batches: batch must be below the 2 batches, got 2");
}

TEST_CASE("the order of batches is saved and loaded, and goes on from there", "[data][batches][state]") {
  data::Batches a(row_numbers(20), 6), b(row_numbers(20), 6);
  Random random(1);
  a.shuffle(random);
  b.load_state(a.state());
  CHECK(one_epoch(a) == one_epoch(b));
  Random same = random;
  a.shuffle(random);
  b.shuffle(same);
  CHECK(one_epoch(a) == one_epoch(b));
}

TEST_CASE("batches refuse a state with other rows and change nothing", "[data][batches][state][errors]") {
  data::Batches batches({1, 2, 3}, 2);
  CHECK_THROWS_AS(batches.load_state(data::Batches({1, 2, 2}, 2).state()), ArgumentError);
  CHECK_THROWS_WITH(batches.load_state(data::Batches({1, 2, 4}, 2).state()),
                    "Batches::load_state: 'rows' must be the 3 rows here in some order, got others");
  CHECK_THROWS_AS(batches.load_state(data::Batches({1, 2}, 2).state()), ShapeError);
  CHECK_THROWS_AS(batches.load_state({}), ArgumentError);
  CHECK(one_epoch(batches) == Rows{1, 2, 3});
}
