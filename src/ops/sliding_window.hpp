// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/pooling_kernels.hpp"
#include "threads/thread_pool.hpp"
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

  // The positions without dilation that hang over no end of the axis.
  Range whole() const {
    const std::size_t begin = std::min((padding + stride - 1) / stride, positions);
    const std::size_t end = extent + padding < kernel ? 0 : (extent + padding - kernel) / stride + 1;
    return {begin, std::max(begin, std::min(end, positions))};
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

// The windows of a pooling: over each plane, an image of one channel.
struct Pooling {
  using Range = SlidingWindow::Range;

  SlidingWindows windows;
  Shape result;

  std::size_t planes() const { return result[0] * result[1]; }
  std::size_t image_pixels() const { return windows.image_pixels(); }
  std::size_t pixels() const { return windows.pixels(); }
  std::size_t window_pixels() const { return windows.rows.kernel * windows.columns.kernel; }

  // By what the sum over a window that covers so much is divided for its mean.
  double divisor(bool count_include_pad, Range of_rows, Range of_columns) const {
    return static_cast<double>(count_include_pad ? window_pixels() : of_rows.length() * of_columns.length());
  }

  // Calls work(plane), on several threads if there are many.
  template <class Work>
  void for_each_plane(Work work) const {
    const std::size_t range = std::max<std::size_t>(1, exponentials_per_block / (pixels() * window_pixels()));
    parallel_for_ranges(planes(), range, [&](std::size_t begin, std::size_t end) {
      for (std::size_t plane = begin; plane < end; ++plane) work(plane);
    });
  }

  // For the windows of a plane, in order: calls whole(windows, first, rows, columns, at) for those side by
  // side in a row of the result of which each covers as many columns, with the place of their first element
  // in the plane, and window(rows, columns, at) for each of the others. That is with what a window covers,
  // the first of several, and its place in the result.
  template <class Whole, class Window>
  void for_each_window(Whole whole, Window window) const {
    const SlidingWindow& along = windows.columns;
    const Range inner = along.whole().length() < kernels::WholeWindows::fewest ? Range{0, 0} : along.whole();
    for (std::size_t i = 0; i < windows.rows.positions; ++i) {
      const Range rows = windows.rows.covered(i);
      const std::size_t at = i * along.positions;
      for (std::size_t j = 0; j < inner.begin; ++j) window(rows, along.covered(j), at + j);
      if (inner.length() > 0) {
        const Range columns = along.covered(inner.begin);
        whole(kernels::WholeWindows{inner.length(), along.stride, rows.length(), along.kernel, along.extent},
              rows.begin * along.extent + columns.begin, rows, columns, at + inner.begin);
      }
      for (std::size_t j = inner.end; j < along.positions; ++j) window(rows, along.covered(j), at + j);
    }
  }
};

// The largest of each window of one plane, and the mean, to y: what max_pool2d and avg_pool2d give.
template <class T>
void max_pool_plane(const Pooling& pooling, const T* plane, T* y);
template <class T>
void avg_pool_plane(const Pooling& pooling, bool count_include_pad, const T* plane, T* y);

// A stride of 0 is the kernel's extent, and each window must see an element. Throws as make_sliding_windows.
Pooling make_pooling(const char* op, const Shape& x, Size2d kernel, Size2d stride, Size2d padding);

}  // namespace xtape
