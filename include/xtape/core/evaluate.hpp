// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <ranges>
#include <type_traits>

#include "xtape/core/array_view.hpp"

namespace xtape::detail {

// The shape of a number, an xtensor expression, an ArrayView or a flat container.
template <class Source>
Shape shape_of(const Source& source) {
  if constexpr (std::is_arithmetic_v<Source>) {
    return {};
  } else if constexpr (requires { source.shape(); }) {
    const auto& shape = source.shape();
    return Shape(shape.begin(), shape.end());
  } else {
    return {static_cast<std::size_t>(std::ranges::size(source))};
  }
}

// For xtensor expressions; in core/xtensor.hpp.
template <class T, class Expression>
void evaluate_expression(const Expression& source, ArrayView<T> destination);

// Evaluates it straight into memory of its shape.
template <class T, class Source>
void evaluate(const Source& source, ArrayView<T> destination) {
  if constexpr (std::is_arithmetic_v<Source>) {
    destination[0] = static_cast<T>(source);
  } else if constexpr (requires { typename Source::expression_tag; }) {
    evaluate_expression(source, destination);
  } else {
    std::ranges::transform(source, destination.begin(), [](const auto& x) { return static_cast<T>(x); });
  }
}

}  // namespace xtape::detail

#ifndef XTAPE_LIBRARY_SOURCE
#include "xtape/core/xtensor.hpp"
#endif
