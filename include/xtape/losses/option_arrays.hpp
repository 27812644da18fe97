// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <new>
#include <ranges>
#include <type_traits>
#include <utility>

#include "xtape/core/array_source.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace detail {

// An array that an option may hold. One that has a name is referred to and must live as long as the option is
// used; a temporary is kept: small ones in place, so that a number or a view costs no heap memory.
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
  explicit OptionArray(Source&& source) : reader_(&reader_of<std::remove_cvref_t<Source>>) {
    using Kept = std::remove_cvref_t<Source>;
    constexpr bool is_number_or_view =
        std::is_arithmetic_v<Kept> || IsArrayView<Kept>::value || std::ranges::borrowed_range<Kept>;
    constexpr bool fits = std::is_trivially_copyable_v<Kept> && sizeof(Kept) <= sizeof(small_);
    if constexpr (fits && (is_number_or_view || !std::is_lvalue_reference_v<Source>)) {
      new (small_) Kept(std::forward<Source>(source));
    } else if constexpr (std::is_lvalue_reference_v<Source>) {
      referred_ = std::addressof(source);
    } else {
      kept_ = std::make_shared<const Kept>(std::forward<Source>(source));
    }
  }

 private:
  // What is known of the type of the source. An array that has a name may change its shape until it is read.
  struct Reader {
    Shape (*shape)(const void* source);
    void (*copy)(const void* source, ArrayView<Element> destination);
  };

  template <class Source>
  static constexpr Reader reader_of{
      [](const void* source) { return shape_of(*static_cast<const Source*>(source)); },
      [](const void* source, ArrayView<Element> destination) {
        evaluate(*static_cast<const Source*>(source), destination);
      }};

  const void* source() const {
    if (referred_ != nullptr) return referred_;
    if (kept_ != nullptr) return kept_.get();
    return small_;
  }

  const Reader* reader_ = nullptr;
  const void* referred_ = nullptr;
  std::shared_ptr<const void> kept_;
  alignas(std::max_align_t) std::byte small_[96] = {};
};

}  // namespace detail

namespace losses {

/// An option: numbers, as a number, a list in braces, an xtensor expression, an ArrayView or a flat container
/// of reals or integers. An array that has a name is referred to and must outlive the option; a temporary is
/// kept, but an expression or a view still refers to the arrays that it was made of.
class Weights : public detail::OptionArray<double> {
 public:
  Weights() = default;

  /// Refers to an array that has a name; keeps a temporary.
  template <class Source>
  requires(detail::RealArray<Source> || detail::IntegerArray<Source>) Weights(Source&& source)
      : OptionArray(std::forward<Source>(source)) {}

  /// Keeps the numbers.
  Weights(std::initializer_list<double> numbers);
};

/// An option: true (or an integer other than 0) for what counts, false for what is left out. Otherwise the
/// same as Weights.
class Mask : public detail::OptionArray<bool> {
 public:
  Mask() = default;

  /// Refers to an array that has a name; keeps a temporary.
  template <class Source>
  requires(detail::BoolArray<Source> || detail::IntegerArray<Source>) Mask(Source&& source)
      : OptionArray(std::forward<Source>(source)) {}

  /// Keeps the flags.
  Mask(std::initializer_list<bool> flags);
};

}  // namespace losses
}  // namespace xtape
#pragma GCC visibility pop
