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

// Where in a plane the largest element of a window is: the first of several, or else the last NaN.
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

// The largest elements of a plane's windows, and unless `places` is null where in the plane they are.
template <class T>
void largest_of_windows(const Pooling& pooling, const T* plane, T* y, std::uint32_t* places) {
  const std::size_t width = pooling.windows.columns.extent;
  const auto one = [&](Pooling::Range rows, Pooling::Range columns, std::size_t at) {
    const std::size_t place = place_of_largest(plane, width, rows, columns);
    y[at] = plane[place];
    if (places != nullptr) places[at] = static_cast<std::uint32_t>(place);
  };
  const auto& pool = kernels::kernel<kernels::PoolWindows, T>();
  pooling.for_each_window(
      [&](const kernels::WholeWindows& windows, std::size_t first, Pooling::Range rows,
          Pooling::Range columns, std::size_t at) {
        if (windows.rows * width > kernels::PoolWindows::furthest) {
          for (std::size_t i = 0, left = columns.begin; i < windows.count; ++i, left += windows.step)
            one(rows, {left, left + windows.columns}, at + i);
          return;
        }
        pool.largest(plane + first, windows, y + at, places == nullptr ? nullptr : places + at);
        if (places == nullptr) return;
        for (std::size_t i = at; i < at + windows.count; ++i) places[i] += static_cast<std::uint32_t>(first);
      },
      one);
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
    kernels::kernel<kernels::LargestOfFour, T>().value(plane, columns.extent, rows.positions,
                                                       columns.positions, y, nullptr);
    return;
  }
  largest_of_windows<T>(pooling, plane, y, nullptr);
}

template void max_pool_plane(const Pooling&, const float*, float*);
template void max_pool_plane(const Pooling&, const double*, double*);

namespace {

// Where the largest elements are: of windows of 2 x 2 side by side their places in the window, of others
// those in the plane.
template <class T>
struct LargestPlaces {
  ArrayView<T> in_window;
  ArrayView<std::uint32_t> in_plane;
};

template <class T>
void max_pool_plane(const Pooling& pooling, std::size_t plane, const T* x, T* y,
                    const LargestPlaces<T>& places) {
  const std::size_t width = pooling.windows.columns.extent, first = plane * pooling.pixels();
  x += plane * pooling.image_pixels();
  if (!places.in_window.empty()) {
    kernels::kernel<kernels::LargestOfFour, T>().value(x, width, pooling.windows.rows.positions,
                                                       pooling.windows.columns.positions, y + first,
                                                       &places.in_window[first]);
    return;
  }
  largest_of_windows(pooling, x, y + first, &places.in_plane[first]);
}

template <class T>
void add_max_pool_gradient(const Pooling& pooling, std::size_t plane, const T* dy,
                           const LargestPlaces<T>& places, bool first, T* dx) {
  const std::size_t begin = plane * pooling.pixels(), image = pooling.image_pixels();
  dx += plane * image;
  if (!places.in_window.empty()) {
    const SlidingWindow &rows = pooling.windows.rows, &columns = pooling.windows.columns;
    kernels::kernel<kernels::LargestOfFour, T>().gradient(
        dy + begin, &places.in_window[begin], columns.extent, rows.positions, columns.positions, !first, dx);
    const std::size_t written = 2 * rows.positions * columns.extent;
    if (first) std::fill(dx + written, dx + image, T{0});
    return;
  }
  if (first) std::fill_n(dx, image, T{0});
  for (std::size_t at = begin; at < begin + pooling.pixels(); ++at) dx[places.in_plane[at]] += dy[at];
}

template <class T>
Variable<T> record_max_pool(Variable<T> x, const Pooling& pooling) {
  if (pooling.image_pixels() > UINT32_MAX) {
    fail<ShapeError>("max_pool2d: an image must have at most {} pixels, got x {}", UINT32_MAX, x.shape());
  }
  Recording<T> op("max_pool2d", {x});
  const ArrayView<T> y = op.output(pooling.result);
  LargestPlaces<T> places;
  if (op.needs_grad() && is_halving(pooling)) places.in_window = op.template save<T>(pooling.result);
  if (op.needs_grad() && !is_halving(pooling))
    places.in_plane = op.template save<std::uint32_t>(pooling.result);
  pooling.for_each_plane([&, needs_grad = op.needs_grad()](std::size_t plane) {
    if (needs_grad) {
      max_pool_plane(pooling, plane, x.data(), y.data(), places);
    } else {
      max_pool_plane(pooling, x.data() + plane * pooling.image_pixels(), y.data() + plane * pooling.pixels());
    }
  });

  return op.finish([places, pooling](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    const T* const dy = b.output_grad().data();
    pooling.for_each_plane([&, dx = grad.data(), first = first](std::size_t plane) {
      add_max_pool_gradient(pooling, plane, dy, places, first, dx);
    });
  });
}

}  // namespace

#pragma GCC visibility push(default)

template <class T>
Variable<T> max_pool2d(Variable<T> x, Size2d kernel, const MaxPool2dOptions& options) {
  return record_max_pool(x, make_pooling("max_pool2d", x.shape(), kernel, options.stride, options.padding));
}

template Variable<float> max_pool2d(Variable<float>, Size2d, const MaxPool2dOptions&);
template Variable<double> max_pool2d(Variable<double>, Size2d, const MaxPool2dOptions&);

#pragma GCC visibility pop
}  // namespace xtape
