// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

#include "xtape/arrays/array_view.hpp"
#include "xtape/arrays/label_options.hpp"

namespace xtape {

// Which indices the option ignore_index could leave out, so that messages say so.
enum class Skippable { none, negative, all };

// What an index may name: one of `count` classes or rows.
struct IndexRange {
  const char* noun;  // "classes"
  std::size_t count;
  const char* array = nullptr;  // what has them, where messages can name it
  Shape shape = {};             // of that array
  Skippable skippable = Skippable::none;

  bool contains(std::int64_t index) const { return index >= 0 && static_cast<std::size_t>(index) < count; }
};

// "softmax_cross_entropy: class_indices[12] is 7, but logits (32, 5) has classes 0 to 4"
[[noreturn]] void throw_outside_range(const char* function, const char* argument,
                                      ArrayView<const std::int64_t> indices, std::size_t at,
                                      const IndexRange& range);

// Throws LabelError for the first index that the range does not contain.
void require_indices(const char* function, const char* argument, ArrayView<const std::int64_t> indices,
                     const IndexRange& range);

// The same, but for indices of options.ignore_index.
void require_indices(const char* function, const char* argument, ArrayView<const std::int64_t> indices,
                     const IndexRange& range, const LabelOptions& options);

// Throws ArgumentError: all of `rows` class indices are options.ignore_index.
[[noreturn]] void throw_all_ignored(const char* function, const LabelOptions& options, std::size_t rows);

}  // namespace xtape
