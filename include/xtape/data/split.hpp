// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <vector>

#include "xtape/core/random.hpp"

namespace xtape::data {

/// Row numbers of a dataset, in random order.
struct Split {
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
};

/// Puts each of `rows` rows into one part at random; test gets test_fraction of them, rounded.
/// @throws ArgumentError  test_fraction outside [0, 1].
Split train_test_split(std::size_t rows, double test_fraction, Random& random);

}  // namespace xtape::data
