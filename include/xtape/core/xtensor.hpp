// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// The one place that includes xtensor. Its headers moved into folders in version 0.26.
#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#include <xtensor/core/xnoalias.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xnoalias.hpp>
#endif

#include <algorithm>
#include <type_traits>

#include "xtape/core/array.hpp"
#include "xtape/core/array_view.hpp"
#include "xtape/core/evaluate.hpp"

namespace xtape {

/// The array as an xtensor view of the same memory, usable in every xtensor expression. It is valid as
/// long as the memory is.
template <class T>
auto view(ArrayView<T> array) {
  const xt::dynamic_shape<std::size_t> shape(array.shape().begin(), array.shape().end());
  return xt::adapt<xt::layout_type::row_major>(array.data(), array.size(), xt::no_ownership(), shape);
}

template <class T>
auto view(Array<T>& array) {
  return view(ArrayView<T>(array));
}

template <class T>
auto view(const Array<T>& array) {
  return view(ArrayView<const T>(array));
}

namespace detail {

template <class E>
concept XtensorExpression = xt::is_xexpression<E>::value;

template <class E>
Shape shape_of(const E& source) {
  if constexpr (std::is_arithmetic_v<E>) {
    return {};
  } else if constexpr (XtensorExpression<E>) {
    return Shape(source.shape().begin(), source.shape().end());
  } else {
    return ArrayView<const std::ranges::range_value_t<E>>(source).shape();
  }
}

/// Evaluates a number, an xtensor expression or a flat container straight into memory of its shape.
template <class T, class E>
void evaluate(const E& source, ArrayView<T> destination) {
  if constexpr (std::is_arithmetic_v<E>) {
    destination[0] = static_cast<T>(source);
  } else if constexpr (XtensorExpression<E>) {
    auto values = view(destination);
    xt::noalias(values) = xt::cast<T>(source);
  } else {
    std::ranges::transform(source, destination.begin(), [](const auto& x) { return static_cast<T>(x); });
  }
}

}  // namespace detail
}  // namespace xtape
