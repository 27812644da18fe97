// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

#include "xtape/arrays/shape.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// A function argument: the axes along which to reduce. One number, a list such as {0, 2}, or nothing for
/// all of them; negative numbers count from the last axis.
class Axes {
 public:
  Axes() = default;
  /// One axis.
  Axes(int axis) : Axes({axis}) {}
  /// Several axes.
  Axes(std::initializer_list<int> axes);

  /// flags[a] tells whether axis a is among them.
  /// @throws ArgumentError  an axis outside [-rank, rank), or one that is named twice.
  std::array<bool, Shape::max_rank> resolve(const char* op, const Shape& shape) const;

 private:
  std::array<int, Shape::max_rank> axes_{};
  std::size_t count_ = 0;
  bool all_ = true;
};

/// Whether reduced axes stay, with extent 1.
enum class KeepDims : bool { no, yes };
/// Short for KeepDims::yes: sum(x, 1, keep_dims).
inline constexpr KeepDims keep_dims = KeepDims::yes;

}  // namespace xtape
#pragma GCC visibility pop
