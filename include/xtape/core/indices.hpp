// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ranges>
#include <type_traits>

#include "xtape/core/array_view.hpp"
#include "xtape/core/evaluate.hpp"

namespace xtape {

namespace detail {

template <class Source>
struct ElementOf {};
template <class Source>
requires std::is_arithmetic_v<Source>
struct ElementOf<Source> {
  using type = Source;
};
template <class Source>
requires requires { typename Source::value_type; }
struct ElementOf<Source> {
  using type = std::remove_cv_t<typename Source::value_type>;
};

template <class Source>
concept IntegerArray =
    std::integral<typename ElementOf<Source>::type> && !std::same_as<typename ElementOf<Source>::type, bool>;

template <class Source>
concept BoolArray = std::same_as < typename ElementOf<Source>::type,
bool > &&!IsArrayView<Source>::value;

template <class Source>
concept RealArray = std::floating_point<typename ElementOf<Source>::type>;

}  // namespace detail

/// A function argument: integers of any type, as a number, an xtensor expression, an ArrayView or a flat
/// container. It refers to its source, so it must not outlive the call.
class Indices {
 public:
  template <detail::IntegerArray Source>
  Indices(const Source& source)
      : shape_(detail::shape_of(source)),
        source_(std::addressof(source)),
        copy_([](const void* from, ArrayView<std::int64_t> to) {
          detail::evaluate(*static_cast<const Source*>(from), to);
        }) {}

  const Shape& shape() const noexcept { return shape_; }
  std::size_t size() const noexcept { return shape_.elements(); }
  void copy_to(ArrayView<std::int64_t> destination) const { copy_(source_, destination); }

 private:
  Shape shape_;
  const void* source_;
  void (*copy_)(const void* source, ArrayView<std::int64_t> destination);
};

}  // namespace xtape
