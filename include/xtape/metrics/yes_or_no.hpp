// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <type_traits>
#include <utility>

#include "xtape/arrays/array_source.hpp"
#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// A function argument: 0 or 1 for each question, as a Variable, an xtensor expression, an ArrayView or a
/// flat container of bools, integers or reals. One that has a name is read in the call; a temporary is kept
/// as long as this is. What takes it throws LabelError for any other element.
class YesOrNo : public detail::ArraySource<double> {
 public:
  /// The value of a variable.
  template <class T>
  YesOrNo(Variable<T> variable) : ArraySource(variable.values()) {}

  /// Refers to what has a name, and keeps a temporary.
  template <class Source>
  requires(detail::NumberArray<Source> ||
           (detail::BoolArray<Source> && !std::is_arithmetic_v<std::remove_cvref_t<Source>>))
      YesOrNo(Source&& source)
      : ArraySource(std::forward<Source>(source)) {}
};

}  // namespace xtape::metrics
#pragma GCC visibility pop
