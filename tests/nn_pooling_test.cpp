// SPDX-License-Identifier: BSD-3-Clause
#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

TEST_CASE("pooling modules compute the operations of their names", "[nn][pooling]") {
  nn::Sequential<double> largest, average;
  largest.add<nn::MaxPool2d>(3, MaxPool2dOptions{.stride = 2, .padding = 1});
  average.add<nn::AvgPool2d>(Size2d(2, 3), AvgPool2dOptions{.padding = 1, .count_include_pad = false});
  Tape<double> tape;
  const auto x = tape.constant(irregular({2, 3, 5, 6}));
  CHECK(values(largest(x)) == values(max_pool2d(x, 3, {.stride = 2, .padding = 1})));
  CHECK(values(average(x)) == values(avg_pool2d(x, {2, 3}, {.padding = 1, .count_include_pad = false})));
  CHECK(largest.parameters().empty());
}
