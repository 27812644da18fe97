// SPDX-License-Identifier: BSD-3-Clause
#include "arrays/index_range.hpp"

#include <algorithm>
#include <string>

#include "arrays/format.hpp"
#include "arrays/multi_index.hpp"

namespace xtape {

namespace {

// 1 to count, as where they are counted from 1.
bool holds_one_too_many(ArrayView<const std::int64_t> indices, const IndexRange& range) {
  return range.count > 0 && std::ranges::none_of(indices, [&](std::int64_t index) {
           return index < 1 || static_cast<std::uint64_t>(index) > range.count;
         });
}

// What to do about an index that is outside, or nothing.
std::string likely_fix(const char* argument, ArrayView<const std::int64_t> indices, std::int64_t outside,
                       const IndexRange& range) {
  if (holds_one_too_many(indices, range)) {
    return fmt::format("; {} are counted from 0, and no 0 occurs in {}: subtract 1 if these count from 1",
                       range.noun, argument);
  }
  const bool can_skip =
      range.skippable == Skippable::all || (range.skippable == Skippable::negative && outside < 0);
  return can_skip ? fmt::format("; to skip such samples set ignore_index = {}", outside) : "";
}

}  // namespace

void throw_outside_range(const char* function, const char* argument, ArrayView<const std::int64_t> indices,
                         std::size_t at, const IndexRange& range) {
  const std::string owner =
      range.array != nullptr ? fmt::format("{} {} has", range.array, range.shape) : "there are";
  const std::string extent = range.count == 0 ? fmt::format("no {}", range.noun)
                                              : fmt::format("{} 0 to {}", range.noun, range.count - 1);
  const std::string fix = likely_fix(argument, indices, indices[at], range);
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
