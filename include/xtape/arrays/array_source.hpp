// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <ranges>
#include <type_traits>
#include <utility>

#include "xtape/arrays/array_view.hpp"
#include "xtape/arrays/evaluate.hpp"

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
// shape and a function that copies it. What has a name is referred to; a temporary is kept.
template <class T>
class ArraySource {
 public:
  using Element = T;

  template <class Source>
  requires(!std::is_base_of_v<ArraySource, std::remove_cvref_t<Source>>) explicit ArraySource(Source&& source)
      : shape_(shape_of(source)) {
    using Plain = std::remove_cvref_t<Source>;
    if constexpr (std::is_arithmetic_v<Plain>) {
      new (number_) Plain(source);
      copy_ = &copy_number<Plain>;
    } else if constexpr (std::is_lvalue_reference_v<Source>) {
      refer_to(source);
    } else if constexpr (std::ranges::contiguous_range<const Plain> && !OwningTemporary<Source>) {
      refer_to_elements(std::to_address(std::ranges::begin(source)));
    } else {
      auto kept = std::make_shared<const Plain>(std::forward<Source>(source));
      refer_to(*kept);
      kept_ = std::move(kept);
    }
  }

  const Shape& shape() const noexcept { return shape_; }
  std::size_t size() const noexcept { return shape_.elements(); }

  /// The elements, if they lie side by side and are of this type; else null.
  const Element* data() const noexcept { return data_; }
  void copy_to(ArrayView<Element> destination) const { copy_(*this, destination); }

 private:
  template <class Number>
  static void copy_number(const ArraySource& from, ArrayView<Element> to) {
    evaluate(*std::launder(reinterpret_cast<const Number*>(from.number_)), to);
  }

  template <class Source>
  void refer_to(const Source& source) {
    source_ = std::addressof(source);
    copy_ = [](const ArraySource& from, ArrayView<Element> to) {
      evaluate(*static_cast<const Source*>(from.source_), to);
    };
    if constexpr (DenseArray<Source, Element>) data_ = std::to_address(std::ranges::begin(source));
  }

  // Those of a view, which need not live as long.
  template <class Of>
  void refer_to_elements(const Of* elements) {
    source_ = elements;
    copy_ = [](const ArraySource& from, ArrayView<Element> to) {
      evaluate(ArrayView<const Of>(static_cast<const Of*>(from.source_), from.shape_), to);
    };
    if constexpr (std::same_as<Of, Element>) data_ = elements;
  }

  Shape shape_;
  const Element* data_ = nullptr;
  const void* source_ = nullptr;
  void (*copy_)(const ArraySource& from, ArrayView<Element> to);
  std::shared_ptr<const void> kept_;  // null: nothing
  alignas(long double) std::byte number_[sizeof(long double)]{};
};

}  // namespace detail

/// A function argument: integers of any type, as a number, an xtensor expression, an ArrayView or a flat
/// container. Unsigned ones above the largest of int64 are the negative ones of the same bits: -1 as a
/// std::size_t is -1. One that has a name is read in the call; a temporary is kept as long as this is.
class Indices : public detail::ArraySource<std::int64_t> {
 public:
  /// Refers to what has a name, and keeps a temporary.
  template <detail::IntegerArray Source>
  Indices(Source&& source) : ArraySource(std::forward<Source>(source)) {}
};

/// The same for bools.
class Condition : public detail::ArraySource<bool> {
 public:
  /// Refers to what has a name, and keeps a temporary.
  template <detail::BoolArray Source>
  Condition(Source&& source) : ArraySource(std::forward<Source>(source)) {}
};

}  // namespace xtape
#pragma GCC visibility pop
