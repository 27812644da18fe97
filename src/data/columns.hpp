// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/named_arrays.hpp"

namespace xtape::data {

// The shape behind the first axis of features. Throws ShapeError if there is none, and ArgumentError if a row
// is not one of features.
Shape columns_of(const char* function, const Shape& features, std::span<const std::size_t> rows);

// 0, 1, ... for all rows of features.
std::vector<std::size_t> all_rows(const Shape& features);

// Throws ArgumentError.
void require_fitted(const char* function, bool fitted);

// Throws ShapeError unless features have these columns.
void require_columns(const char* function, const Shape& features, const Shape& columns);

// "fit: features[3, 1] must be finite, got inf"
[[noreturn]] void fail_not_finite(const char* function, const Shape& features, std::size_t at, double got);

// An array of a state. Throws ValueError unless all elements are finite, and at least `least`.
Array<double> finite_of_state(const char* function, const NamedArrays& state, std::string_view name,
                              const Shape& shape, double least);

}  // namespace xtape::data
