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

template <class T, class Expression>
void evaluate_expression(const Expression& source, ArrayView<T> destination) {
  auto values = view(destination);
  xt::noalias(values) = xt::cast<T>(source);
}

}  // namespace detail
}  // namespace xtape
