// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include "arrays/format.hpp"
#include "arrays/index_range.hpp"
#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/arrays/named_arrays.hpp"

namespace xtape::data {

// 0, 1, ..., count - 1
inline std::vector<std::size_t> row_numbers(std::size_t count) {
  std::vector<std::size_t> rows(count);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

// "take_rows: rows[1] must be below the 3 rows of array (3, 4), got 7"; the shape only where there is one.
inline void require_rows(const char* function, const char* argument, std::span<const std::size_t> rows,
                         std::size_t count, const char* counted, const Shape& of = {}) {
  const auto beyond = std::ranges::find_if(rows, [count](std::size_t row) { return row >= count; });
  if (beyond == rows.end()) return;
  fail<ArgumentError>("{}: {}[{}] must be below the {} {}{}, got {}", function, argument,
                      beyond - rows.begin(), count, counted, of.rank() == 0 ? "" : fmt::format(" {}", of),
                      *beyond);
}

// So many row numbers, as the only array of a state, "rows".
inline std::vector<std::size_t> rows_of_state(const char* function, const NamedArrays& state,
                                              std::size_t count) {
  state.require_only(function, std::array<std::string_view, 1>{"rows"});
  const ArrayView<const std::uint64_t> rows = state.get<std::uint64_t>(function, "rows", {count});
  return {rows.begin(), rows.end()};
}

// Throws ShapeError for another shape than (rows).
inline Array<std::int64_t> classes_of_rows(const char* function, const Indices& class_indices) {
  if (class_indices.shape().rank() != 1) {
    fail<ShapeError>("{}: class_indices must be (rows), got {}", function, class_indices.shape());
  }
  Array<std::int64_t> classes(class_indices.shape());
  class_indices.copy_to(classes);
  return classes;
}

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
