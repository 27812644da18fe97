// SPDX-License-Identifier: BSD-3-Clause
#include "arrays/index_range.hpp"

#include <cstdint>
#include <vector>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("a range contains the indices from 0 to below its count", "[core][index_range]") {
  const IndexRange classes{.noun = "classes", .count = 3}, none{.noun = "classes", .count = 0};
  CHECK(classes.contains(0));
  CHECK(classes.contains(2));
  CHECK_FALSE(classes.contains(3));
  CHECK_FALSE(classes.contains(-1));
  CHECK_FALSE(classes.contains(INT64_MIN));
  CHECK_FALSE(classes.contains(INT64_MAX));
  CHECK_FALSE(none.contains(0));
}

TEST_CASE("indices within their range pass", "[core][index_range]") {
  const std::vector<std::int64_t> indices{2, 0, 1}, none;
  CHECK_NOTHROW(require_indices("f", "indices", indices, {.noun = "rows", .count = 3}));
  CHECK_NOTHROW(require_indices("f", "indices", none, {.noun = "rows", .count = 0}));
}

TEST_CASE("the first index outside the range is named with what the range is",
          "[core][index_range][errors]") {
  const xt::xarray<std::int64_t> indices{{0, 1}, {7, -1}}, scalar(-100);
  const IndexRange classes{.noun = "classes", .count = 5}, none{.noun = "classes", .count = 0};
  const IndexRange of_logits{.noun = "classes", .count = 5, .array = "logits", .shape = {2, 2, 5}};
  IndexRange skippable = of_logits;
  skippable.skippable = Skippable::all;
  IndexRange negative_skippable = classes;
  negative_skippable.skippable = Skippable::negative;
  CHECK_THROWS_AS(require_indices("f", "labels", indices, classes), LabelError);
  CHECK_THROWS_WITH(require_indices("f", "labels", indices, classes),
                    "f: labels[1, 0] is 7, but there are classes 0 to 4");
  CHECK_THROWS_WITH(require_indices("f", "labels", indices, none),
                    "f: labels[0, 0] is 0, but there are no classes");
  CHECK_THROWS_WITH(require_indices("f", "labels", indices, of_logits),
                    "f: labels[1, 0] is 7, but logits (2, 2, 5) has classes 0 to 4");
  CHECK_THROWS_WITH(require_indices("f", "labels", scalar, skippable),
                    "f: labels is -100, but logits (2, 2, 5) has classes 0 to 4; to skip such samples set "
                    "ignore_index = -100");
  CHECK_THROWS_WITH(require_indices("f", "labels", scalar, negative_skippable),
                    "f: labels is -100, but there are classes 0 to 4; to skip such samples set ignore_index "
                    "= -100");
  CHECK_THROWS_WITH(require_indices("f", "labels", indices, negative_skippable),
                    "f: labels[1, 0] is 7, but there are classes 0 to 4");
}

TEST_CASE("indices of the ignore_index pass, whatever it is", "[core][index_range]") {
  const std::vector<std::int64_t> indices{0, -1, 2};
  const IndexRange classes{.noun = "classes", .count = 3};
  CHECK_NOTHROW(require_indices("f", "labels", indices, classes, {.ignore_index = -1}));
  CHECK_THROWS_AS(require_indices("f", "labels", indices, classes, {.ignore_index = 0}), LabelError);
  CHECK_THROWS_AS(require_indices("f", "labels", indices, classes, {}), LabelError);
}

TEST_CASE("indices that count from 1 are told from those of one too many", "[core][index_range][errors]") {
  const IndexRange classes{.noun = "classes", .count = 3, .skippable = Skippable::all};
  const xt::xarray<std::int64_t> from_one{2, 3, 1}, with_zero{0, 3, 1}, two_too_many{2, 4, 1}, marked{3, -1};
  CHECK_THROWS_WITH(require_indices("f", "labels", from_one, classes),
                    "f: labels[1] is 3, but there are classes 0 to 2; classes are counted from 0, and no 0 "
                    "occurs in labels: subtract 1 if these count from 1");
  CHECK_THROWS_WITH(require_indices("f", "labels", with_zero, classes),
                    "f: labels[1] is 3, but there are classes 0 to 2; to skip such samples set "
                    "ignore_index = 3");
  CHECK_THROWS_WITH(require_indices("f", "labels", two_too_many, classes),
                    "f: labels[1] is 4, but there are classes 0 to 2; to skip such samples set "
                    "ignore_index = 4");
  CHECK_THROWS_WITH(require_indices("f", "labels", marked, classes),
                    "f: labels[0] is 3, but there are classes 0 to 2; to skip such samples set "
                    "ignore_index = 3");
}
