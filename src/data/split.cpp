// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/data/split.hpp"

#include <cmath>
#include <numeric>

#include "core/format.hpp"

namespace xtape::data {

Split train_test_split(std::size_t rows, double test_fraction, Random& random) {
  if (!(test_fraction >= 0 && test_fraction <= 1)) {
    fail<ArgumentError>("train_test_split: test_fraction must be in [0, 1], got {}", test_fraction);
  }
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.shuffle(order);
  const auto tests = static_cast<std::ptrdiff_t>(std::llround(test_fraction * static_cast<double>(rows)));
  return {{order.begin() + tests, order.end()}, {order.begin(), order.begin() + tests}};
}

}  // namespace xtape::data
