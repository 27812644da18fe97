// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "xtape/arrays/array_view.hpp"

namespace xtape::training {

// More classes than that would have cells too small to read.
constexpr std::size_t most_classes_drawn = 40;
// More classes than that need the width of the page.
constexpr std::size_t most_classes_in_column = 14;

// The matrix as a heat map, a row for each true class.
std::string draw_confusion(ArrayView<const std::int64_t> confusion, const std::vector<std::string>& names);

// The pairs of different classes that were confused most often, as a table.
std::string confused_pairs(ArrayView<const std::int64_t> confusion, const std::vector<std::string>& names);

}  // namespace xtape::training
