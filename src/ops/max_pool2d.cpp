// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "arrays/format.hpp"
#include "kernels/kernel.hpp"
#include "kernels/pooling_kernels.hpp"
#include "ops/sliding_window.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/pooling.hpp"

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

// Windows of 2 x 2 side by side, of which none hangs over an edge.
bool is_halving(const Pooling& pooling) {
  const auto halves = [](const SlidingWindow& window) {
    return window.kernel == 2 && window.stride == 2 && window.padding == 0;
  };
  return halves(pooling.windows.rows) && halves(pooling.windows.columns);
}

}  // namespace

template <class T>
void max_pool_plane(const Pooling& pooling, const T* plane, T* y) {
  const SlidingWindow &rows = pooling.windows.rows, &columns = pooling.windows.columns;
  if (is_halving(pooling)) {
    kernels::kernel<kernels::LargestOfFour, T>()(plane, columns.extent, rows.positions, columns.positions, y);
    return;
  }
  pooling.for_each_window(0, [&](Pooling::Range of_rows, Pooling::Range of_columns, std::size_t at) {
    y[at] = plane[place_of_largest(plane, columns.extent, of_rows, of_columns)];
  });
}

template void max_pool_plane(const Pooling&, const float*, float*);
template void max_pool_plane(const Pooling&, const double*, double*);

#pragma GCC visibility push(default)

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
  if (winners.empty()) {
    pooling.for_each_plane([&](std::size_t plane) {
      max_pool_plane(pooling, x.data() + plane * image, y.data() + plane * pooling.pixels());
    });
  } else {
    pooling.for_each_plane([&](std::size_t plane) {
      const T* const elements = x.data() + plane * image;
      pooling.for_each_window(plane, [&](Pooling::Range rows, Pooling::Range columns, std::size_t at) {
        const std::size_t place = place_of_largest(elements, width, rows, columns);
        y[at] = elements[place];
        winners[at] = static_cast<std::uint32_t>(place);
      });
    });
  }

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

#pragma GCC visibility pop
}  // namespace xtape
