// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "kernels/kernel.hpp"
#include "kernels/pooling_kernels.hpp"
#include "kernels/sum.hpp"
#include "ops/sliding_window.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/pooling.hpp"

namespace xtape {

template <class T>
void avg_pool_plane(const Pooling& pooling, bool count_include_pad, const T* plane, T* y) {
  const std::size_t width = pooling.windows.columns.extent;
  const auto& pool = kernels::kernel<kernels::PoolWindows, T>();
  pooling.for_each_window(
      [&](const kernels::WholeWindows& windows, std::size_t first, Pooling::Range rows,
          Pooling::Range columns, std::size_t at) {
        pool.mean(plane + first, windows, pooling.divisor(count_include_pad, rows, columns), y + at);
      },
      [&](Pooling::Range rows, Pooling::Range columns, std::size_t at) {
        kernels::Sum<T> sum;
        for (std::size_t r = rows.begin; r < rows.end; ++r) {
          for (std::size_t c = columns.begin; c < columns.end; ++c) sum.add(plane[r * width + c]);
        }
        y[at] = static_cast<T>(sum.value() / pooling.divisor(count_include_pad, rows, columns));
      });
}

template void avg_pool_plane(const Pooling&, bool, const float*, float*);
template void avg_pool_plane(const Pooling&, bool, const double*, double*);

namespace {

// Shares each dy out to its window.
template <class T>
void add_avg_pool_gradient(const Pooling& pooling, bool count_include_pad, const T* dy, T* dx) {
  const std::size_t width = pooling.windows.columns.extent;
  const auto& pool = kernels::kernel<kernels::PoolWindows, T>();
  pooling.for_each_window(
      [&](const kernels::WholeWindows& windows, std::size_t first, Pooling::Range rows,
          Pooling::Range columns, std::size_t at) {
        pool.mean_gradient(dy + at, windows, pooling.divisor(count_include_pad, rows, columns), dx + first);
      },
      [&](Pooling::Range rows, Pooling::Range columns, std::size_t at) {
        const T share = static_cast<T>(dy[at] / pooling.divisor(count_include_pad, rows, columns));
        for (std::size_t r = rows.begin; r < rows.end; ++r) {
          for (std::size_t c = columns.begin; c < columns.end; ++c) dx[r * width + c] += share;
        }
      });
}

}  // namespace

#pragma GCC visibility push(default)

template <class T>
Variable<T> avg_pool2d(Variable<T> x, Size2d kernel, const AvgPool2dOptions& options) {
  const Pooling pooling = make_pooling("avg_pool2d", x.shape(), kernel, options.stride, options.padding);
  Recording<T> op("avg_pool2d", {x});
  const ArrayView<T> y = op.output(pooling.result);
  pooling.for_each_plane([&](std::size_t plane) {
    avg_pool_plane(pooling, options.count_include_pad, x.data() + plane * pooling.image_pixels(),
                   y.data() + plane * pooling.pixels());
  });

  return op.finish([pooling, include_pad = options.count_include_pad](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    const T* const dy = b.output_grad().data();
    pooling.for_each_plane([&, dx = grad.data(), first = first](std::size_t plane) {
      T* const slopes = dx + plane * pooling.image_pixels();
      if (first) std::fill_n(slopes, pooling.image_pixels(), T{0});
      add_avg_pool_gradient(pooling, include_pad, dy + plane * pooling.pixels(), slopes);
    });
  });
}

template Variable<float> avg_pool2d(Variable<float>, Size2d, const AvgPool2dOptions&);
template Variable<double> avg_pool2d(Variable<double>, Size2d, const AvgPool2dOptions&);

#pragma GCC visibility pop
}  // namespace xtape
