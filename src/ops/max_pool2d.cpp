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

// The largest elements of windows, and unless `places` is null where in their planes they are.
template <class T>
void largest_of_windows(const Pooling& pooling, std::size_t planes, const T* x, T* y, std::uint32_t* places) {
  if (pooling.have_kernels())
    return kernels::kernel<kernels::LargestOfWindows, T>()(pooling.plane_windows(), planes, x, y, places);
  pooling.for_each_window(
      planes, [&](std::size_t plane, Pooling::Range rows, Pooling::Range columns, std::size_t at) {
        const T* const image = x + plane * pooling.image_pixels();
        const std::size_t place = place_of_largest(image, pooling.windows.columns.extent, rows, columns);
        y[at] = image[place];
        if (places != nullptr) places[at] = static_cast<std::uint32_t>(place);
      });
}

// Windows of 2 x 2 side by side, of which none hangs over an edge, and a row of them is not too short for its
// own kernel.
bool is_halving(const Pooling& pooling) {
  const auto halves = [](const SlidingWindow& window) {
    return window.kernel == 2 && window.stride == 2 && window.padding == 0;
  };
  constexpr std::size_t short_row = 8;
  return halves(pooling.windows.rows) && halves(pooling.windows.columns) &&
         pooling.windows.columns.positions >= short_row;
}

// Where the largest elements are: of windows of 2 x 2 side by side their places in the window, of others
// those in the plane.
template <class T>
struct LargestPlaces {
  T* in_window = nullptr;
  std::uint32_t* in_plane = nullptr;
};

template <class T>
void largest_of_planes(const Pooling& pooling, std::size_t planes, const T* x, T* y,
                       const LargestPlaces<T>& places) {
  if (!is_halving(pooling)) return largest_of_windows(pooling, planes, x, y, places.in_plane);
  const SlidingWindow &rows = pooling.windows.rows, &columns = pooling.windows.columns;
  for (std::size_t plane = 0; plane < planes; ++plane) {
    const std::size_t at = plane * pooling.pixels();
    kernels::kernel<kernels::LargestOfFour, T>().value(
        x + plane * pooling.image_pixels(), columns.extent, rows.positions, columns.positions, y + at,
        places.in_window == nullptr ? nullptr : places.in_window + at);
  }
}

template <class T>
void max_pool_gradient(const Pooling& pooling, std::size_t planes, const T* dy,
                       const LargestPlaces<T>& places, bool add, T* dx) {
  const std::size_t image = pooling.image_pixels(), pixels = pooling.pixels();
  const SlidingWindow &rows = pooling.windows.rows, &columns = pooling.windows.columns;
  for (std::size_t plane = 0; plane < planes; ++plane, dx += image) {
    const std::size_t begin = plane * pixels;
    if (places.in_window == nullptr) {
      if (!add) std::fill_n(dx, image, T{0});
      for (std::size_t at = begin; at < begin + pixels; ++at) dx[places.in_plane[at]] += dy[at];
    } else {
      kernels::kernel<kernels::LargestOfFour, T>().gradient(
          dy + begin, places.in_window + begin, columns.extent, rows.positions, columns.positions, add, dx);
      if (!add) std::fill(dx + 2 * rows.positions * columns.extent, dx + image, T{0});
    }
  }
}

template <class T>
Variable<T> record_max_pool(Variable<T> x, const Pooling& pooling) {
  if (pooling.image_pixels() > UINT32_MAX) {
    fail<ShapeError>("max_pool2d: an image must have at most {} pixels, got x {}", UINT32_MAX, x.shape());
  }
  Recording<T> op("max_pool2d", {x});
  const ArrayView<T> y = op.output(pooling.result);
  LargestPlaces<T> places;
  if (op.needs_grad() && is_halving(pooling)) places.in_window = op.template save<T>(pooling.result).data();
  if (op.needs_grad() && !is_halving(pooling))
    places.in_plane = op.template save<std::uint32_t>(pooling.result).data();
  const auto from = [places](std::size_t at) {
    return LargestPlaces<T>{places.in_window == nullptr ? nullptr : places.in_window + at,
                            places.in_plane == nullptr ? nullptr : places.in_plane + at};
  };
  pooling.for_ranges_of_planes([&](std::size_t begin, std::size_t end) {
    const std::size_t at = begin * pooling.pixels();
    largest_of_planes(pooling, end - begin, x.data() + begin * pooling.image_pixels(), y.data() + at,
                      from(at));
  });

  return op.finish([from, pooling](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    const T* const dy = b.output_grad().data();
    pooling.for_ranges_of_planes([&, dx = grad.data(), add = !first](std::size_t begin, std::size_t end) {
      const std::size_t at = begin * pooling.pixels();
      max_pool_gradient(pooling, end - begin, dy + at, from(at), add, dx + begin * pooling.image_pixels());
    });
  });
}

}  // namespace

template <class T>
void max_pool_planes(const Pooling& pooling, std::size_t planes, const T* x, T* y) {
  largest_of_planes<T>(pooling, planes, x, y, {});
}

template void max_pool_planes(const Pooling&, std::size_t, const float*, float*);
template void max_pool_planes(const Pooling&, std::size_t, const double*, double*);

#pragma GCC visibility push(default)

template <class T>
Variable<T> max_pool2d(Variable<T> x, Size2d kernel, const MaxPool2dOptions& options) {
  return record_max_pool(x, make_pooling("max_pool2d", x.shape(), kernel, options.stride, options.padding));
}

template Variable<float> max_pool2d(Variable<float>, Size2d, const MaxPool2dOptions&);
template Variable<double> max_pool2d(Variable<double>, Size2d, const MaxPool2dOptions&);

#pragma GCC visibility pop
}  // namespace xtape
