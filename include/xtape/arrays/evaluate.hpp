// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ranges>
#include <type_traits>

#include "xtape/arrays/array_view.hpp"

#pragma GCC visibility push(default)
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

// What xtensor has to evaluate. A plain loop copies a container, and is compiled in a fraction of the time.
template <class Source>
concept Expression = !std::ranges::contiguous_range<const Source> && requires {
  typename Source::expression_tag;
};

// In arrays/xtensor.hpp.
template <class T, class Source>
void evaluate_expression(const Source& source, ArrayView<T> destination);

// Evaluates it straight into memory of its shape.
template <class T, class Source>
void evaluate(const Source& source, ArrayView<T> destination) {
  if constexpr (std::is_arithmetic_v<Source>) {
    destination[0] = static_cast<T>(source);
  } else if constexpr (Expression<Source>) {
    evaluate_expression(source, destination);
  } else {
    auto from = std::ranges::begin(source);
    for (T& to : destination) to = static_cast<T>(*from++);
  }
}

}  // namespace xtape::detail
#pragma GCC visibility pop

#ifndef XTAPE_LIBRARY_SOURCE
#include "xtape/arrays/xtensor.hpp"
#endif
