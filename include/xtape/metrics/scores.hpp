// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <variant>

#include "xtape/autograd/variable.hpp"
#include "xtape/core/array_source.hpp"
#include "xtape/core/array_view.hpp"

namespace xtape {

namespace detail {

template <class Source, class T>
concept ArrayOf = (std::same_as<Element<Source>, T> &&
                   std::convertible_to<const Source&, ArrayView<const T>>);

}  // namespace detail

namespace metrics {

/// A function argument: what a model says of each sample, as a Variable, an xtensor container or view, an
/// Array, an ArrayView or a flat container of floats or doubles, in row-major order. Nothing is copied.
class Scores {
 public:
  using Values = std::variant<ArrayView<const float>, ArrayView<const double>>;

  template <class T>
  Scores(Variable<T> variable) : values_(variable.values()) {}

  template <class Source>
  requires(detail::ArrayOf<Source, float> || detail::ArrayOf<Source, double>) Scores(const Source& source)
      : values_(ArrayView<const detail::Element<Source>>(source)) {}

  const Values& values() const noexcept { return values_; }
  const Shape& shape() const noexcept {
    return std::visit([](const auto& view) -> const Shape& { return view.shape(); }, values_);
  }

 private:
  Values values_;
};

}  // namespace metrics
}  // namespace xtape
