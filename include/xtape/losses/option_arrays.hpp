// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <ranges>
#include <type_traits>
#include <utility>

#include "xtape/arrays/array.hpp"
#include "xtape/arrays/array_source.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace losses {

/// An array that an option reads where it stands.
template <class Source>
class Reference {
 public:
  /// What its elements are.
  using value_type = typename Source::value_type;

  /// Of an array that outlives the option.
  explicit Reference(const Source& source) : source_(std::addressof(source)) {}

  /// The array.
  const Source& source() const noexcept { return *source_; }

 private:
  const Source* source_;
};

/// Has an option read an array where it stands instead of copying it: the array must live as long as the
/// option is used, and what is written to it, even its shape, holds from the next use on.
///
///     const losses::SoftmaxCrossEntropyOptions options{.class_weights = losses::by_reference(weights)};
template <class Source>
requires(!std::is_arithmetic_v<Source>) Reference<Source> by_reference(const Source& source) {
  return Reference<Source>(source);
}

/// A temporary would be gone before the option is used.
template <class Source>
void by_reference(const Source&& temporary) = delete;

}  // namespace losses

namespace detail {

template <class Source>
constexpr bool is_reference = false;
template <class Source>
constexpr bool is_reference<losses::Reference<Source>> = true;

// An array that an option may hold: a copy, in place if it is small, so that it costs no heap memory; or a
// view or a reference, which says by its type that it refers to somebody else's elements.
template <class T>
class OptionArray {
 public:
  using Element = T;

  OptionArray() = default;

  bool given() const noexcept { return reader_ != nullptr; }
  Shape shape() const { return given() ? reader_->shape(source()) : Shape{}; }
  void copy_to(ArrayView<Element> destination) const { reader_->copy(source(), destination); }

 protected:
  template <class Source>
  explicit OptionArray(const Source& source) {
    constexpr bool is_view = IsArrayView<Source>::value || std::ranges::borrowed_range<Source>;
    if constexpr (is_reference<Source>) {
      refer_to(source.source());
    } else if constexpr (is_view && fits<Source>) {
      new (place_) Source(source);
      reader_ = &reader_of<Source>;
    } else {
      copy(source);
    }
  }

 private:
  // What is known of the type of the source.
  struct Reader {
    Shape (*shape)(const void* source);
    void (*copy)(const void* source, ArrayView<Element> destination);
  };

  static constexpr std::size_t bytes_in_place = 96;

  struct Small {
    static constexpr std::size_t capacity = bytes_in_place / sizeof(Element);

    Shape extents;
    Element elements[capacity];

    const Shape& shape() const { return extents; }
    const Element* begin() const { return elements; }
    const Element* end() const { return elements + extents.elements(); }
  };

  template <class Source>
  static constexpr bool fits = std::is_trivially_copyable_v<Source> && sizeof(Source) <= sizeof(Small) &&
                               alignof(Source) <= alignof(Small);

  template <class Source>
  static constexpr Reader reader_of{
      [](const void* source) { return shape_of(*static_cast<const Source*>(source)); },
      [](const void* source, ArrayView<Element> destination) {
        evaluate(*static_cast<const Source*>(source), destination);
      }};

  template <class Source>
  void refer_to(const Source& source) {
    elsewhere_ = std::shared_ptr<const void>(std::shared_ptr<const void>(), std::addressof(source));
    reader_ = &reader_of<Source>;
  }

  template <class Source>
  void copy(const Source& source) {
    const Shape shape = shape_of(source);
    if (shape.elements() <= Small::capacity) {
      Small& small = *new (place_) Small;
      small.extents = shape;
      evaluate(source, ArrayView<Element>(small.elements, shape));
      reader_ = &reader_of<Small>;
    } else {
      auto large = std::make_shared<Array<Element>>(shape);
      evaluate(source, ArrayView<Element>(*large));
      elsewhere_ = std::move(large);
      reader_ = &reader_of<Array<Element>>;
    }
  }

  const void* source() const { return elsewhere_ != nullptr ? elsewhere_.get() : place_; }

  const Reader* reader_ = nullptr;
  std::shared_ptr<const void> elsewhere_;  // owns what is large, and nothing that is referred to
  alignas(Small) std::byte place_[sizeof(Small)];
};

}  // namespace detail

namespace losses {

/// An option: numbers, as a number, a list in braces, an xtensor expression, an ArrayView or a flat container
/// of reals or integers. They are copied: up to 12 in place, more of them to the heap, so options of many
/// numbers are best made once, or given by_reference(). An ArrayView or a std::span is not copied: what it
/// views must live as long as the option is used.
class Weights : public detail::OptionArray<double> {
 public:
  Weights() = default;

  /// Copies the numbers, except those of a view or a reference.
  template <class Source>
  requires(detail::RealArray<Source> || detail::IntegerArray<Source>) Weights(const Source& source)
      : OptionArray(source) {}

  /// Copies the numbers.
  Weights(std::initializer_list<double> numbers);
};

/// An option: true (or an integer other than 0) for what counts, false for what is left out. Up to 96 flags
/// are copied in place; otherwise the same as Weights.
class Mask : public detail::OptionArray<bool> {
 public:
  Mask() = default;

  /// Copies the flags, except those of a view or a reference.
  template <class Source>
  requires(detail::BoolArray<Source> || detail::IntegerArray<Source>) Mask(const Source& source)
      : OptionArray(source) {}

  /// Copies the flags.
  Mask(std::initializer_list<bool> flags);
};

}  // namespace losses
}  // namespace xtape
#pragma GCC visibility pop
