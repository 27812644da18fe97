// SPDX-License-Identifier: BSD-3-Clause
// Arrays for the benchmarks, the same in every run.
#pragma once

#include <cstdint>
#include <vector>

#include "steps.hpp"

namespace benchmarks {

Numbers uniform(std::vector<std::size_t> shape, double low, double high, std::uint64_t seed);

/// Uniform on +-4.
Numbers logits(std::vector<std::size_t> shape);

std::vector<std::int64_t> class_indices(std::size_t rows, std::size_t classes);

/// Rows that add up to 1.
Numbers distributions(std::size_t rows, std::size_t classes);

}  // namespace benchmarks
