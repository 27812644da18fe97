// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "xtape/arrays/array_input.hpp"
#include "xtape/arrays/array_view.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// An array that owns its memory, in row-major order and aligned to 64 bytes: what compiled functions return.
/// view(array) gives an xtensor view of it. Moves in O(1); copies only by an explicit ArrayView or
/// ArrayInput.
template <class T>
class Array {
  static_assert(std::is_trivially_destructible_v<T>, "nobody destroys the elements");

 public:
  /// What the elements are.
  using value_type = T;

  Array() = default;

  /// Elements are zero.
  explicit Array(const Shape& shape) : shape_(shape), data_(new (alignment) T[shape.elements()]()) {}

  /// A copy.
  explicit Array(const ArrayInput<T>& values) : Array(values.shape()) {
    for (std::size_t i = 0; i < values.size(); ++i) data_[i] = values[i];
  }

  /// Takes the elements over.
  Array(Array&& other) noexcept { swap(other); }
  /// Takes the elements over, and releases its own.
  Array& operator=(Array&& other) noexcept {
    Array(std::move(other)).swap(*this);
    return *this;
  }

  /// The first element, the others behind it in row-major order.
  T* data() noexcept { return data_.get(); }
  /// The same, only to be read.
  const T* data() const noexcept { return data_.get(); }
  /// Its extents.
  const Shape& shape() const& noexcept { return shape_; }
  /// The same of a temporary.
  Shape shape() const&& noexcept { return shape_; }
  /// The number of elements.
  std::size_t size() const noexcept { return shape_.elements(); }

  /// The first element.
  T* begin() noexcept { return data(); }
  /// Behind the last one.
  T* end() noexcept { return data() + size(); }
  /// The same, only to be read.
  const T* begin() const noexcept { return data(); }
  /// Likewise.
  const T* end() const noexcept { return data() + size(); }
  /// An element by its position in row-major order. Not checked.
  T& operator[](std::size_t flat_index) noexcept { return data_[flat_index]; }
  /// The same, only to be read.
  const T& operator[](std::size_t flat_index) const noexcept { return data_[flat_index]; }

  /// A view of all of it.
  operator ArrayView<T>() & noexcept { return {data(), shape_}; }
  /// The same, only to be read.
  operator ArrayView<const T>() const& noexcept { return {data(), shape_}; }
  /// A temporary is gone before its view: an ArrayInput keeps it.
  operator ArrayView<const T>() const&& = delete;

 private:
  void swap(Array& other) noexcept {
    std::swap(shape_, other.shape_);
    std::swap(data_, other.data_);
  }

  // Vector instructions are slower where what they read crosses a line of the cache.
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(T* memory) const noexcept { ::operator delete[](memory, alignment); }
  };

  Shape shape_{std::size_t{0}};
  std::unique_ptr<T[], Free> data_;
};

}  // namespace xtape
#pragma GCC visibility pop
