// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "xtape/arrays/array.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/ops/arithmetic.hpp"

namespace reference {

// The axis counted from the first; none if the shape has no such axis.
std::optional<std::size_t> find_axis(const xtape::Shape& shape, int axis);

xtape::Shape without_axis(const xtape::Shape& shape, std::optional<std::size_t> axis);

// Axes of extent 1 in front, up to a rank.
xtape::Shape padded(const xtape::Shape& shape, std::size_t rank);

// numpy's broadcasting; none if the shapes do not fit together.
std::optional<xtape::Shape> broadcast(const xtape::Shape& a, const xtape::Shape& b);

// The rank alignment of section 2.1.
void align(xtape::Shape& a, xtape::Shape& b);

template <class Element>
xtape::Array<Element> reshaped(const xtape::Array<Element>& array, const xtape::Shape& shape) {
  return xtape::Array<Element>(xtape::ArrayView<const Element>(array.data(), shape));
}

// Repeated along axes that it lacks or that have extent 1.
template <class T>
xtape::Variable<T> stretched(xtape::Variable<T> x, const xtape::Shape& shape) {
  xtape::Array<T> ones(shape);
  std::ranges::fill(ones, T{1});
  return x * ones;
}

}  // namespace reference
