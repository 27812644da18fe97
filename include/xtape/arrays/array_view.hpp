// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <type_traits>

#include "xtape/arrays/shape.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
class ArrayView;

namespace detail {

[[noreturn]] void throw_not_contiguous(const Shape& shape);
[[noreturn]] void throw_wrong_size(std::size_t wanted, std::size_t got);
[[noreturn]] void throw_other_shape(const Shape& wanted, const Shape& got);

template <class C>
struct IsArrayView : std::false_type {};
template <class T>
struct IsArrayView<ArrayView<T>> : std::true_type {};

// xtensor's adaptors of memory that is somebody else's: see arrays/xtensor.hpp.
template <class C>
struct IsAdaptor : std::false_type {};

// What would be gone while it is still read.
template <class C>
concept OwningTemporary = !std::is_lvalue_reference_v<C> && !std::ranges::borrowed_range<C> &&
                          !IsAdaptor<std::remove_cv_t<C>>::value;

/// xtensor's containers, adaptors and strided views: a pointer, a shape and strides.
template <class C>
concept StridedContainer = !IsArrayView<std::remove_cv_t<C>>::value && requires(C & c) {
  c.data();
  c.shape();
  c.strides();
};

/// std::vector, std::array, std::span: one axis.
template <class C>
concept FlatContainer = !IsArrayView<std::remove_cv_t<C>>::value && !StridedContainer<C> &&
                        std::ranges::contiguous_range<C> && std::ranges::sized_range<C> && !requires(C & c) {
  c.shape();
};

/// Axes of extent 1 may have any stride, and so may all axes if there are no elements.
template <class C>
bool is_row_major(const C& container) {
  for (const auto extent : container.shape()) {
    if (extent == 0) return true;
  }
  auto expected = static_cast<std::ptrdiff_t>(1);
  for (std::size_t axis = container.shape().size(); axis-- > 0;) {
    const auto extent = static_cast<std::ptrdiff_t>(container.shape()[axis]);
    if (extent != 1 && static_cast<std::ptrdiff_t>(container.strides()[axis]) != expected) return false;
    expected *= extent;
  }
  return true;
}

template <class C>
auto* first_element(C& container) {
  if constexpr (requires { container.data_offset(); }) {
    return container.data() + container.data_offset();
  } else {
    return container.data();
  }
}

}  // namespace detail

/// A pointer and a shape: an array in row-major order whose memory belongs to somebody else. This is how
/// arrays cross into the compiled library; xtensor containers, std::vector, std::array and std::span
/// convert to it; temporaries that own their memory do not, since they would be gone before the view: a
/// function that takes those too has an ArrayInput. T is const where the array is only read.
template <class T>
class ArrayView {
 public:
  /// What the elements are.
  using value_type = std::remove_const_t<T>;

  constexpr ArrayView() noexcept = default;
  /// The elements at an address, in row-major order.
  constexpr ArrayView(T* data, const Shape& shape) noexcept
      : data_(data), shape_(shape), size_(shape.elements()) {}

  /// What may be written may be read.
  template <class Mutable>
  requires(std::same_as<const Mutable, T> &&
           !std::is_const_v<Mutable>) constexpr ArrayView(const ArrayView<Mutable>& other) noexcept
      : ArrayView(other.data(), other.shape()) {}

  /// @throws ShapeError  the container is not in row-major order without gaps.
  template <detail::StridedContainer C>
  requires(!detail::OwningTemporary<C> &&
           std::convertible_to<decltype(detail::first_element(std::declval<C&>())), T*>)
      ArrayView(C&& container)
      : ArrayView(detail::first_element(container),
                  Shape(container.shape().begin(), container.shape().end())) {
    if (!detail::is_row_major(container)) detail::throw_not_contiguous(shape_);
  }

  /// A flat container, as one axis.
  template <detail::FlatContainer C>
  requires(!detail::OwningTemporary<C> &&
           std::convertible_to<decltype(std::ranges::data(std::declval<C&>())), T*>) ArrayView(C&& container)
      : ArrayView(std::ranges::data(container),
                  Shape{static_cast<std::size_t>(std::ranges::size(container))}) {}

  /// The first element, the others behind it.
  constexpr T* data() const noexcept { return data_; }
  /// Its extents.
  constexpr const Shape& shape() const& noexcept { return shape_; }
  /// The same of a temporary view: a copy, so that no reference dangles.
  constexpr Shape shape() const&& noexcept { return shape_; }
  /// The number of elements.
  constexpr std::size_t size() const noexcept { return size_; }
  /// Whether there are no elements.
  constexpr bool empty() const noexcept { return size_ == 0; }

  /// The first element.
  constexpr T* begin() const noexcept { return data_; }
  /// Behind the last one.
  constexpr T* end() const noexcept { return data_ + size_; }
  /// An element by its position in row-major order. Not checked.
  constexpr T& operator[](std::size_t flat_index) const noexcept { return data_[flat_index]; }

 private:
  T* data_ = nullptr;
  Shape shape_{std::size_t{0}};
  std::size_t size_ = 0;
};

}  // namespace xtape
#pragma GCC visibility pop

/// @cond
// The elements of a view outlive it.
template <class T>
inline constexpr bool std::ranges::enable_borrowed_range<xtape::ArrayView<T>> = true;
/// @endcond
