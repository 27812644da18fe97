// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

#include "xtape/arrays/shape.hpp"
#include "xtape/ops/size2d.hpp"

namespace xtape {

// A window that slides along one axis: element k of position p is p stride + k dilation - padding of the
// axis.
struct SlidingWindow {
  std::size_t extent, kernel, stride, padding, dilation;
  std::size_t positions;

  struct Range {
    std::size_t begin, end;
    std::size_t length() const { return end - begin; }
  };

  // The positions whose element k lies on the axis.
  Range positions_of(std::size_t k) const {
    const std::size_t offset = k * dilation;
    const auto up = [this](std::size_t distance) { return (distance + stride - 1) / stride; };
    const std::size_t end = extent + padding <= offset ? 0 : up(extent + padding - offset);
    const std::size_t begin = padding <= offset ? 0 : up(padding - offset);
    return {std::min(begin, std::min(end, positions)), std::min(end, positions)};
  }

  // Where element k of a position is; it must lie on the axis.
  std::size_t place(std::size_t position, std::size_t k) const {
    return position * stride + k * dilation - padding;
  }

  // What of the axis a position without dilation covers.
  Range covered(std::size_t position) const {
    const std::size_t start = position * stride;
    return {std::max(start, padding) - padding, std::min(extent, start + kernel - padding)};
  }
};

// Two of them over the last axes of images.
struct SlidingWindows {
  SlidingWindow rows, columns;

  std::size_t pixels() const { return rows.positions * columns.positions; }
  std::size_t image_pixels() const { return rows.extent * columns.extent; }
};

struct SlidingWindowOptions {
  Size2d kernel, stride, padding, dilation;
};

// Throws ShapeError for an x that is not (batch, channels, rows, columns) or too small for the kernel, and
// ArgumentError for a stride or dilation of 0.
SlidingWindows make_sliding_windows(const char* op, const Shape& x, const SlidingWindowOptions& options);

// The same for pooling: a stride of 0 is the kernel's extent, and each window must see an element.
SlidingWindows make_pooling_windows(const char* op, const Shape& x, Size2d kernel, Size2d stride,
                                    Size2d padding);

}  // namespace xtape
