// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "kernels/sum.hpp"
#include "ops/sliding_window.hpp"
#include "threads/thread_pool.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/pooling.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

// Calls window(rows, columns, at, divisor) for each window of a plane: what it covers, its place in the
// result, and what its sum is divided by.
template <class F>
void for_each_window(const SlidingWindows& windows, bool count_include_pad, F window) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < windows.rows.positions; ++i) {
    const auto rows = windows.rows.covered(i);
    for (std::size_t j = 0; j < windows.columns.positions; ++j) {
      const auto columns = windows.columns.covered(j);
      const std::size_t elements =
          count_include_pad ? windows.rows.kernel * windows.columns.kernel : rows.length() * columns.length();
      window(rows, columns, at++, static_cast<double>(elements));
    }
  }
}

}  // namespace

template <class T>
Variable<T> avg_pool2d(Variable<T> x, Size2d kernel, const AvgPool2dOptions& options) {
  const Shape shape = x.shape();
  const auto windows = make_pooling_windows("avg_pool2d", shape, kernel, options.stride, options.padding);
  const std::size_t planes = shape[0] * shape[1], image = windows.image_pixels(), pixels = windows.pixels();
  const std::size_t width = windows.columns.extent;
  const std::size_t range =
      std::max<std::size_t>(1, exponentials_per_block / (pixels * kernel.rows * kernel.columns));
  const bool include_pad = options.count_include_pad;

  Recording<T> op("avg_pool2d", {x});
  const ArrayView<T> y = op.output({shape[0], shape[1], windows.rows.positions, windows.columns.positions});
  using Range = SlidingWindow::Range;
  parallel_for_ranges(planes, range, [&](std::size_t begin, std::size_t end) {
    for (std::size_t plane = begin; plane < end; ++plane) {
      const T* const elements = x.data() + plane * image;
      for_each_window(windows, include_pad, [&](Range rows, Range columns, std::size_t at, double divisor) {
        kernels::Sum<T> sum;
        for (std::size_t r = rows.begin; r < rows.end; ++r) {
          for (std::size_t c = columns.begin; c < columns.end; ++c) sum.add(elements[r * width + c]);
        }
        y[plane * pixels + at] = static_cast<T>(sum.value() / divisor);
      });
    }
  });

  return op.finish([windows, planes, image, pixels, width, range, include_pad](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    T* const dx = grad.data();
    const T* const dy = b.output_grad().data();
    parallel_for_ranges(planes, range, [&, first = first](std::size_t begin, std::size_t end) {
      if (first) std::fill(dx + begin * image, dx + end * image, T{0});
      for (std::size_t plane = begin; plane < end; ++plane) {
        T* const slopes = dx + plane * image;
        for_each_window(windows, include_pad, [&](Range rows, Range columns, std::size_t at, double divisor) {
          const T share = static_cast<T>(dy[plane * pixels + at] / divisor);
          for (std::size_t r = rows.begin; r < rows.end; ++r) {
            for (std::size_t c = columns.begin; c < columns.end; ++c) slopes[r * width + c] += share;
          }
        });
      }
    });
  });
}

template Variable<float> avg_pool2d(Variable<float>, Size2d, const AvgPool2dOptions&);
template Variable<double> avg_pool2d(Variable<double>, Size2d, const AvgPool2dOptions&);

}  // namespace xtape
#pragma GCC visibility pop
