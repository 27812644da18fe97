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

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
class Variable;

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
template <class T>
struct ElementOf<Variable<T>> {};  // A variable is no source of plain elements.

template <class Source>
using Element = typename ElementOf<std::remove_cvref_t<Source>>::type;

template <class Source>
concept BoolArray = (std::same_as<Element<Source>, bool>);

template <class Source>
concept IntegerArray = std::integral<Element<Source>> && !BoolArray<Source>;

template <class Source>
concept RealArray = std::floating_point<Element<Source>>;

// Real or whole numbers that are no single number.
template <class Source>
concept NumberArray =
    !std::is_arithmetic_v<std::remove_cvref_t<Source>> && (RealArray<Source> || IntegerArray<Source>);

// Elements of that very type that lie side by side.
template <class Source, class Element>
concept DenseArray = (std::ranges::contiguous_range<const Source> &&
                      std::same_as<std::ranges::range_value_t<const Source>, Element>);

// A number, an xtensor expression, an ArrayView or a flat container, of which the compiled library sees the
// shape and a function that copies it. Refers to its source, so it must not outlive the call.
template <class T>
class ArraySource {
 public:
  using Element = T;

  template <class Source>
  explicit ArraySource(const Source& source)
      : shape_(shape_of(source)),
        source_(std::addressof(source)),
        copy_([](const void* from, ArrayView<Element> to) {
          evaluate(*static_cast<const Source*>(from), to);
        }) {
    if constexpr (DenseArray<Source, Element>) data_ = std::to_address(std::ranges::begin(source));
  }

  const Shape& shape() const noexcept { return shape_; }
  std::size_t size() const noexcept { return shape_.elements(); }

  /// The elements, if they lie side by side and are of this type; else null.
  const Element* data() const noexcept { return data_; }
  void copy_to(ArrayView<Element> destination) const { copy_(source_, destination); }

 private:
  Shape shape_;
  const Element* data_ = nullptr;
  const void* source_;
  void (*copy_)(const void* source, ArrayView<Element> destination);
};

}  // namespace detail

/// A function argument: integers of any type, as a number, an xtensor expression, an ArrayView or a flat
/// container. Copied in the call.
class Indices : public detail::ArraySource<std::int64_t> {
 public:
  /// Refers to the source for the time of the call.
  template <detail::IntegerArray Source>
  Indices(const Source& source) : ArraySource(source) {}
};

/// The same for bools.
class Condition : public detail::ArraySource<bool> {
 public:
  /// Refers to the source for the time of the call.
  template <detail::BoolArray Source>
  Condition(const Source& source) : ArraySource(source) {}
};

}  // namespace xtape
#pragma GCC visibility pop
