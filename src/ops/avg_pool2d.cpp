// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "kernels/sum.hpp"
#include "ops/sliding_window.hpp"
#include "xtape/autograd/recording.hpp"
#include "xtape/ops/pooling.hpp"

#pragma GCC visibility push(default)
namespace xtape {

template <class T>
Variable<T> avg_pool2d(Variable<T> x, Size2d kernel, const AvgPool2dOptions& options) {
  using Range = Pooling::Range;
  const Pooling pooling = make_pooling("avg_pool2d", x.shape(), kernel, options.stride, options.padding);
  const std::size_t width = pooling.windows.columns.extent;
  const auto divisor = [include_pad = options.count_include_pad, whole = pooling.window_pixels()](
                           Range rows, Range columns) {
    return static_cast<double>(include_pad ? whole : rows.length() * columns.length());
  };
  Recording<T> op("avg_pool2d", {x});
  const ArrayView<T> y = op.output(pooling.result);
  pooling.for_each_plane([&](std::size_t plane) {
    const T* const elements = x.data() + plane * pooling.image_pixels();
    pooling.for_each_window(plane, [&](Range rows, Range columns, std::size_t at) {
      kernels::Sum<T> sum;
      for (std::size_t r = rows.begin; r < rows.end; ++r) {
        for (std::size_t c = columns.begin; c < columns.end; ++c) sum.add(elements[r * width + c]);
      }
      y[at] = static_cast<T>(sum.value() / divisor(rows, columns));
    });
  });

  return op.finish([pooling, width, divisor](Backward<T>& b) {
    const auto [grad, first] = b.contribution(0);
    const T* const dy = b.output_grad().data();
    pooling.for_each_plane([&, dx = grad.data(), first = first](std::size_t plane) {
      T* const slopes = dx + plane * pooling.image_pixels();
      if (first) std::fill_n(slopes, pooling.image_pixels(), T{0});
      pooling.for_each_window(plane, [&](Range rows, Range columns, std::size_t at) {
        const T share = static_cast<T>(dy[at] / divisor(rows, columns));
        for (std::size_t r = rows.begin; r < rows.end; ++r) {
          for (std::size_t c = columns.begin; c < columns.end; ++c) slopes[r * width + c] += share;
        }
      });
    });
  });
}

template Variable<float> avg_pool2d(Variable<float>, Size2d, const AvgPool2dOptions&);
template Variable<double> avg_pool2d(Variable<double>, Size2d, const AvgPool2dOptions&);

}  // namespace xtape
#pragma GCC visibility pop
