// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "arrays/index_range.hpp"
#include "xtape/arrays/array_view.hpp"

namespace xtape::data {

// The rows whose class is not options.ignore_index. Throws ArgumentError where it leaves none of some.
inline std::vector<std::size_t> labelled_rows(const char* function,
                                              ArrayView<const std::int64_t> class_indices,
                                              std::vector<std::size_t> rows, const LabelOptions& options) {
  const std::size_t given = rows.size();
  std::erase_if(rows, [&](std::size_t row) { return class_indices[row] == options.ignore_index; });
  if (rows.empty() && given > 0) throw_all_ignored(function, options, given);
  return rows;
}

// The rows of each class, in the order in which they are given; the classes sorted by their numbers.
inline std::vector<std::vector<std::size_t>> rows_by_class(ArrayView<const std::int64_t> class_indices,
                                                           const std::vector<std::size_t>& rows) {
  std::vector<std::int64_t> classes;
  for (const std::size_t row : rows) classes.push_back(class_indices[row]);
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  std::vector<std::vector<std::size_t>> result(classes.size());
  for (const std::size_t row : rows) {
    const auto place = std::lower_bound(classes.begin(), classes.end(), class_indices[row]);
    result[static_cast<std::size_t>(place - classes.begin())].push_back(row);
  }
  return result;
}

}  // namespace xtape::data
