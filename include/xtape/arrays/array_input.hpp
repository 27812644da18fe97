// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "xtape/arrays/array_view.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// An array that somebody else reads: in row-major order, of elements of that very type. One that has a name
/// is read where it stands, and must stay there as long as it is read; a temporary is kept, by all copies of
/// this.
template <class T>
class ArrayInput {
 public:
  /// What the elements are.
  using value_type = T;

  /// No elements.
  ArrayInput() noexcept = default;

  /// What the view shows.
  ArrayInput(ArrayView<const T> view) noexcept : view_(view) {}
  /// The elements at an address, in row-major order.
  ArrayInput(const T* data, const Shape& shape) noexcept : view_(data, shape) {}
  /// What the view shows, of memory that is there as long as a copy of `owner` is: all copies of this keep
  /// one.
  ArrayInput(ArrayView<const T> view, std::shared_ptr<const void> owner) noexcept
      : view_(view), kept_(std::move(owner)) {}

  /// An Array, an xtensor container or a flat container.
  /// @throws ShapeError  the container is not in row-major order without gaps.
  template <class Source>
  requires(!std::is_base_of_v<ArrayInput, std::remove_cvref_t<Source>> &&
           !std::is_same_v<ArrayView<const T>, std::remove_cvref_t<Source>> &&
           std::is_convertible_v<const std::remove_cvref_t<Source>&, ArrayView<const T>>)
      ArrayInput(Source&& source) {
    if constexpr (detail::OwningTemporary<Source>) {
      auto kept = std::make_shared<const std::remove_cvref_t<Source>>(std::forward<Source>(source));
      view_ = ArrayView<const T>(*kept);
      kept_ = std::move(kept);
    } else {
      view_ = ArrayView<const T>(source);
    }
  }

  /// A view of all of it, as long as this is.
  operator ArrayView<const T>() const& noexcept { return view_; }
  /// What a temporary keeps is gone with it.
  operator ArrayView<const T>() const&& = delete;

  /// The first element, the others behind it in row-major order.
  const T* data() const noexcept { return view_.data(); }
  /// Its extents.
  const Shape& shape() const& noexcept { return view_.shape(); }
  /// The same of a temporary.
  Shape shape() const&& noexcept { return view_.shape(); }
  /// The number of elements.
  std::size_t size() const noexcept { return view_.size(); }
  /// Whether there are no elements.
  bool empty() const noexcept { return view_.empty(); }
  /// The first element.
  const T* begin() const noexcept { return view_.begin(); }
  /// Behind the last one.
  const T* end() const noexcept { return view_.end(); }
  /// An element by its position in row-major order. Not checked.
  const T& operator[](std::size_t flat_index) const noexcept { return view_[flat_index]; }

 private:
  ArrayView<const T> view_;
  std::shared_ptr<const void> kept_;  // null: nothing
};

}  // namespace xtape
#pragma GCC visibility pop
