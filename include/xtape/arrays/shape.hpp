// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>

#include "xtape/core/version.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// The extents of an array, slowest axis first. Holds up to `max_rank` axes in place, so that it is
/// trivially copyable and never allocates. A default Shape is (): a scalar, one element.
class Shape {
 public:
  /// As many axes as an array may have.
  static constexpr std::size_t max_rank = 8;

  constexpr Shape() noexcept = default;

  /// @throws ShapeError  more than max_rank extents, or more elements than memory can hold.
  Shape(std::initializer_list<std::size_t> extents) : Shape(extents.begin(), extents.end()) {}

  /// The extents in a range of any integer type; errors as above.
  template <class Iterator>
  Shape(Iterator first, Iterator last) {
    for (; first != last; ++first) append(static_cast<std::size_t>(*first));
  }

  /// The number of axes.
  constexpr std::size_t rank() const noexcept { return rank_; }

  /// The number of elements: the product of the extents, 1 for a scalar.
  constexpr std::size_t elements() const noexcept {
    std::size_t product = 1;
    for (const std::size_t extent : *this) product *= extent;
    return product;
  }

  /// The extent of an axis. Not checked.
  constexpr std::size_t operator[](std::size_t axis) const noexcept { return extents_[axis]; }
  /// The first extent.
  constexpr const std::size_t* begin() const noexcept { return extents_.data(); }
  /// Behind the last one.
  constexpr const std::size_t* end() const noexcept { return extents_.data() + rank_; }

  /// Adds a fastest axis.
  /// @throws ShapeError  as the constructor.
  void append(std::size_t extent);

  friend constexpr bool operator==(const Shape& a, const Shape& b) noexcept {
    if (a.rank_ != b.rank_) return false;
    for (std::size_t axis = 0; axis < a.rank_; ++axis) {
      if (a.extents_[axis] != b.extents_[axis]) return false;
    }
    return true;
  }

 private:
  std::array<std::size_t, max_rank> extents_{};
  std::size_t rank_ = 0;
};

/// "(32, 10)"; "(3)" for one axis and "()" for a scalar.
std::string to_string(const Shape& shape);

}  // namespace xtape
#pragma GCC visibility pop
