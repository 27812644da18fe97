// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "kernels/kernel.hpp"
#include "kernels/pooling_kernels.hpp"
#include "kernels/sum.hpp"
#include "ops/sliding_window.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/pooling.hpp"

namespace xtape {

namespace {

// By what the sum over a window that covers so much is divided for its mean.
double divisor_of(const Pooling& pooling, bool count_include_pad, Pooling::Range rows,
                  Pooling::Range columns) {
  return static_cast<double>(count_include_pad ? pooling.window_pixels() : rows.length() * columns.length());
}

// Calls element(its place in the planes) for each that a window covers.
template <class Element>
void for_each_covered(const Pooling& pooling, std::size_t plane, Pooling::Range rows, Pooling::Range columns,
                      Element element) {
  for (std::size_t r = rows.begin; r < rows.end; ++r) {
    for (std::size_t c = columns.begin; c < columns.end; ++c)
      element((plane * pooling.windows.rows.extent + r) * pooling.windows.columns.extent + c);
  }
}

// Shares each dy out to its window.
template <class T>
void avg_pool_gradient(const Pooling& pooling, bool count_include_pad, std::size_t planes, const T* dy,
                       bool add, T* dx) {
  if (pooling.have_kernels()) {
    const auto& mean = kernels::kernel<kernels::MeanOfWindows, T>();
    return mean.gradient(pooling.plane_windows(), planes, count_include_pad, dy, add, dx);
  }
  if (!add) std::fill_n(dx, planes * pooling.image_pixels(), T{0});
  pooling.for_each_window(
      planes, [&](std::size_t plane, Pooling::Range rows, Pooling::Range columns, std::size_t at) {
        const T share = static_cast<T>(dy[at] / divisor_of(pooling, count_include_pad, rows, columns));
        for_each_covered(pooling, plane, rows, columns, [&](std::size_t place) { dx[place] += share; });
      });
}

}  // namespace

template <class T>
void avg_pool_planes(const Pooling& pooling, bool count_include_pad, std::size_t planes, const T* x, T* y) {
  if (pooling.have_kernels()) {
    const auto& mean = kernels::kernel<kernels::MeanOfWindows, T>();
    return mean.value(pooling.plane_windows(), planes, count_include_pad, x, y);
  }
  pooling.for_each_window(
      planes, [&](std::size_t plane, Pooling::Range rows, Pooling::Range columns, std::size_t at) {
        kernels::Sum<T> sum;
        for_each_covered(pooling, plane, rows, columns, [&](std::size_t place) { sum.add(x[place]); });
        y[at] = static_cast<T>(sum.value() / divisor_of(pooling, count_include_pad, rows, columns));
      });
}

template void avg_pool_planes(const Pooling&, bool, std::size_t, const float*, float*);
template void avg_pool_planes(const Pooling&, bool, std::size_t, const double*, double*);

#pragma GCC visibility push(default)

template <class T>
Variable<T> avg_pool2d(Variable<T> x, Size2d kernel, const AvgPool2dOptions& options) {
  const Pooling pooling = make_pooling("avg_pool2d", x.shape(), kernel, options.stride, options.padding);
  Recording<T> op("avg_pool2d", {x});
  const ArrayView<T> y = op.output(pooling.result);
  pooling.for_ranges_of_planes([&](std::size_t begin, std::size_t end) {
    avg_pool_planes(pooling, options.count_include_pad, end - begin,
                    x.data() + begin * pooling.image_pixels(), y.data() + begin * pooling.pixels());
  });

  return op.finish([pooling, include_pad = options.count_include_pad](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    const T* const dy = b.output_grad().data();
    pooling.for_ranges_of_planes([&, dx = grad.data(), add = !first](std::size_t begin, std::size_t end) {
      avg_pool_gradient(pooling, include_pad, end - begin, dy + begin * pooling.pixels(), add,
                        dx + begin * pooling.image_pixels());
    });
  });
}

template Variable<float> avg_pool2d(Variable<float>, Size2d, const AvgPool2dOptions&);
template Variable<double> avg_pool2d(Variable<double>, Size2d, const AvgPool2dOptions&);

#pragma GCC visibility pop
}  // namespace xtape
