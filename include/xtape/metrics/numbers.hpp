// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <utility>

#include "xtape/arrays/array_source.hpp"
#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// A function argument: numbers, as a Variable, an xtensor expression, an ArrayView or a flat container of
/// reals or integers, which are read as doubles. One that has a name is read in the call; a temporary is kept
/// as long as this is.
class Numbers : public detail::ArraySource<double> {
 public:
  /// The value of a variable.
  template <class T>
  Numbers(Variable<T> variable) : ArraySource(variable.values()) {}

  /// Refers to what has a name, and keeps a temporary.
  template <detail::NumberArray Source>
  Numbers(Source&& source) : ArraySource(std::forward<Source>(source)) {}
};

}  // namespace xtape::metrics
#pragma GCC visibility pop
