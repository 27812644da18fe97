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

  kernels::PlaneWindows plane_windows() const {
    const auto along = [](const SlidingWindow& window) {
      return kernels::WindowsAlong{window.extent, window.kernel, window.stride, window.padding,
                                   window.positions};
    };
    return {along(windows.rows), along(windows.columns)};
  }

  // Whether there are kernels for them.
  bool have_kernels() const {
    using kernels::PlaneWindows;
    const SlidingWindow& columns = windows.columns;
    return std::max(columns.kernel, columns.stride) <= PlaneWindows::widest &&
           windows.rows.kernel <= PlaneWindows::furthest / std::max(columns.kernel, columns.extent);
  }

  // Calls work(begin, end) for ranges of planes, on several threads if there are many.
  template <class Work>
  void for_ranges_of_planes(Work work) const {
    const double each = static_cast<double>(pixels()) * static_cast<double>(window_pixels());
    const double range = std::max(1.0, static_cast<double>(exponentials_per_block) / each);
    parallel_for_even_ranges(planes(), static_cast<std::size_t>(range), work);
  }

  // Calls window(plane, rows, columns, at) for each window of so many planes, in order: with what it covers,
  // and its place in the results.
  template <class Window>
  void for_each_window(std::size_t planes, Window window) const {
    for (std::size_t at = 0; at < planes * pixels(); ++at) {
      const std::size_t in_plane = at % pixels();
      window(at / pixels(), windows.rows.covered(in_plane / windows.columns.positions),
             windows.columns.covered(in_plane % windows.columns.positions), at);
    }
  }
};

// The largest of each window of so many planes, and the mean, to y: what max_pool2d and avg_pool2d give.
template <class T>
void max_pool_planes(const Pooling& pooling, std::size_t planes, const T* x, T* y);
template <class T>
void avg_pool_planes(const Pooling& pooling, bool count_include_pad, std::size_t planes, const T* x, T* y);

// A stride of 0 is the kernel's extent, and each window must see an element. Throws as make_sliding_windows.
Pooling make_pooling(const char* op, const Shape& x, Size2d kernel, Size2d stride, Size2d padding);

}  // namespace xtape
