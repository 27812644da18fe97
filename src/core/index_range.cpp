// SPDX-License-Identifier: BSD-3-Clause
#include "core/index_range.hpp"

#include <string>

#include "core/element_name.hpp"
#include "core/format.hpp"

namespace xtape {

void throw_outside_range(const char* function, const char* argument, ArrayView<const std::int64_t> indices,
                         std::size_t at, const IndexRange& range) {
  const std::string owner =
      range.array != nullptr ? fmt::format("{} {} has", range.array, range.shape) : "there are";
  const std::string extent = range.count == 0 ? fmt::format("no {}", range.noun)
                                              : fmt::format("{} 0 to {}", range.noun, range.count - 1);
  const bool can_skip =
      range.skippable == Skippable::all || (range.skippable == Skippable::negative && indices[at] < 0);
  const std::string fix =
      can_skip ? fmt::format("; to skip such samples set ignore_index = {}", indices[at]) : "";
  fail<LabelError>("{}: {} is {}, but {} {}{}", function, element_name(argument, indices.shape(), at),
                   indices[at], owner, extent, fix);
}

void require_indices(const char* function, const char* argument, ArrayView<const std::int64_t> indices,
                     const IndexRange& range) {
  require_indices(function, argument, indices, range, {});
}

void require_indices(const char* function, const char* argument, ArrayView<const std::int64_t> indices,
                     const IndexRange& range, const LabelOptions& options) {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (range.contains(indices[i]) || indices[i] == options.ignore_index) continue;
    throw_outside_range(function, argument, indices, i, range);
  }
}

void throw_all_ignored(const char* function, const LabelOptions& options, std::size_t rows) {
  fail<ArgumentError>("{}: class_indices must have an entry besides ignore_index = {}, got none in {} rows",
                      function, *options.ignore_index, rows);
}

}  // namespace xtape
