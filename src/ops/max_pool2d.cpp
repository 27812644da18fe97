// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "arrays/format.hpp"
#include "ops/sliding_window.hpp"
#include "threads/thread_pool.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/pooling.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

// Where in a plane the largest element of a window is: the first of several, or else a NaN.
template <class T>
std::size_t place_of_largest(const T* plane, std::size_t width, SlidingWindow::Range rows,
                             SlidingWindow::Range columns) {
  std::size_t best = rows.begin * width + columns.begin;
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    for (std::size_t c = columns.begin; c < columns.end; ++c) {
      const T candidate = plane[r * width + c];
      if (candidate > plane[best] || std::isnan(candidate)) best = r * width + c;
    }
  }
  return best;
}

}  // namespace

template <class T>
Variable<T> max_pool2d(Variable<T> x, Size2d kernel, const MaxPool2dOptions& options) {
  const Shape shape = x.shape();
  const auto windows = make_pooling_windows("max_pool2d", shape, kernel, options.stride, options.padding);
  const std::size_t planes = shape[0] * shape[1], image = windows.image_pixels(), pixels = windows.pixels();
  if (image > UINT32_MAX) {
    fail<ShapeError>("max_pool2d: an image must have at most {} pixels, got x {}", UINT32_MAX, shape);
  }
  const std::size_t range =
      std::max<std::size_t>(1, exponentials_per_block / (pixels * kernel.rows * kernel.columns));

  Recording<T> op("max_pool2d", {x});
  const Shape result{shape[0], shape[1], windows.rows.positions, windows.columns.positions};
  const ArrayView<T> y = op.output(result);
  ArrayView<std::uint32_t> winners;
  if (op.needs_grad()) winners = op.template save<std::uint32_t>(result);
  parallel_for_ranges(planes, range, [&](std::size_t begin, std::size_t end) {
    for (std::size_t plane = begin; plane < end; ++plane) {
      std::size_t at = plane * pixels;
      for (std::size_t i = 0; i < windows.rows.positions; ++i) {
        const auto rows = windows.rows.covered(i);
        for (std::size_t j = 0; j < windows.columns.positions; ++j, ++at) {
          const T* const elements = x.data() + plane * image;
          const std::size_t place =
              place_of_largest(elements, windows.columns.extent, rows, windows.columns.covered(j));
          y[at] = elements[place];
          if (!winners.empty()) winners[at] = static_cast<std::uint32_t>(place);
        }
      }
    }
  });

  return op.finish([winners, planes, image, pixels, range](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    T* const dx = grad.data();
    const T* const dy = b.output_grad().data();
    parallel_for_ranges(planes, range, [&, first = first](std::size_t begin, std::size_t end) {
      if (first) std::fill(dx + begin * image, dx + end * image, T{0});
      for (std::size_t plane = begin; plane < end; ++plane) {
        for (std::size_t at = plane * pixels; at < (plane + 1) * pixels; ++at)
          dx[plane * image + winners[at]] += dy[at];
      }
    });
  });
}

template Variable<float> max_pool2d(Variable<float>, Size2d, const MaxPool2dOptions&);
template Variable<double> max_pool2d(Variable<double>, Size2d, const MaxPool2dOptions&);

}  // namespace xtape
#pragma GCC visibility pop
