// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "arrays/format.hpp"
#include "ops/sliding_window.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/pooling.hpp"

#pragma GCC visibility push(default)
namespace xtape {
namespace {

// Where in a plane the largest element of a window is: the first of several, or else a NaN.
template <class T>
std::size_t place_of_largest(const T* plane, std::size_t width, Pooling::Range rows, Pooling::Range columns) {
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
  const Pooling pooling = make_pooling("max_pool2d", x.shape(), kernel, options.stride, options.padding);
  const std::size_t image = pooling.image_pixels(), width = pooling.windows.columns.extent;
  if (image > UINT32_MAX) {
    fail<ShapeError>("max_pool2d: an image must have at most {} pixels, got x {}", UINT32_MAX, x.shape());
  }
  Recording<T> op("max_pool2d", {x});
  const ArrayView<T> y = op.output(pooling.result);
  ArrayView<std::uint32_t> winners;
  if (op.needs_grad()) winners = op.template save<std::uint32_t>(pooling.result);
  pooling.for_each_plane([&](std::size_t plane) {
    const T* const elements = x.data() + plane * image;
    pooling.for_each_window(plane, [&](Pooling::Range rows, Pooling::Range columns, std::size_t at) {
      const std::size_t place = place_of_largest(elements, width, rows, columns);
      y[at] = elements[place];
      if (!winners.empty()) winners[at] = static_cast<std::uint32_t>(place);
    });
  });

  return op.finish([winners, pooling](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    const T* const dy = b.output_grad().data();
    pooling.for_each_plane([&, dx = grad.data(), first = first](std::size_t plane) {
      T* const slopes = dx + plane * pooling.image_pixels();
      if (first) std::fill_n(slopes, pooling.image_pixels(), T{0});
      for (std::size_t at = plane * pooling.pixels(); at < (plane + 1) * pooling.pixels(); ++at)
        slopes[winners[at]] += dy[at];
    });
  });
}

template Variable<float> max_pool2d(Variable<float>, Size2d, const MaxPool2dOptions&);
template Variable<double> max_pool2d(Variable<double>, Size2d, const MaxPool2dOptions&);

}  // namespace xtape
#pragma GCC visibility pop
