// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <utility>
#include <variant>

#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/array_source.hpp"
#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape {

namespace detail {

template <class Source, class T>
concept ArrayOf = (std::same_as<Element<Source>, T> &&
                   std::convertible_to<const std::remove_cvref_t<Source>&, ArrayView<const T>>);

}  // namespace detail

namespace metrics {

/// A function argument: what a model says of each sample, as a Variable, an xtensor container or view, an
/// Array, an ArrayView or a flat container of floats or doubles, in row-major order. Nothing is copied; a
/// temporary is kept.
class Scores {
 public:
  /// The scores, in the type that they have.
  using Values = std::variant<ArrayInput<float>, ArrayInput<double>>;

  /// The value of a variable.
  template <class T>
  Scores(Variable<T> variable) : values_(ArrayInput<T>(variable.values())) {}

  /// A container or view of floats or doubles.
  template <class Source>
  requires(detail::ArrayOf<Source, float> || detail::ArrayOf<Source, double>) Scores(Source&& source)
      : values_(ArrayInput<detail::Element<Source>>(std::forward<Source>(source))) {}

  /// The scores themselves.
  const Values& values() const noexcept { return values_; }
  /// Their extents.
  const Shape& shape() const noexcept {
    return std::visit([](const auto& array) -> const Shape& { return array.shape(); }, values_);
  }

 private:
  Values values_;
};

}  // namespace metrics
}  // namespace xtape
#pragma GCC visibility pop
