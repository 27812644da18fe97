// SPDX-License-Identifier: BSD-3-Clause
#include "ops/sliding_window.hpp"

#include "arrays/format.hpp"
#include "kernels/gemm_extents.hpp"

namespace xtape {
namespace {

void require_at_least_1(const char* op, const char* argument, const Size2d& size) {
  if (size.rows == 0 || size.columns == 0) {
    fail<ArgumentError>("{}: {} must be at least 1, got ({}, {})", op, argument, size.rows, size.columns);
  }
}

SlidingWindow along(const char* op, const Shape& x, std::size_t extent, std::size_t kernel,
                    std::size_t stride, std::size_t padding, std::size_t dilation,
                    const SlidingWindowOptions& options) {
  const std::size_t covered = dilation * (kernel - 1) + 1, padded = extent + 2 * padding;
  if (covered > padded) {
    fail<ShapeError>(
        "{}: the kernel must fit into the padded image, got x {} with kernel ({}, {}), dilation ({}, {}) and "
        "padding ({}, {})",
        op, x, options.kernel.rows, options.kernel.columns, options.dilation.rows, options.dilation.columns,
        options.padding.rows, options.padding.columns);
  }
  return {extent, kernel, stride, padding, dilation, (padded - covered) / stride + 1};
}

}  // namespace

SlidingWindows make_sliding_windows(const char* op, const Shape& x, const SlidingWindowOptions& options) {
  if (x.rank() != 4) fail<ShapeError>("{}: x must be (batch, channels, rows, columns), got {}", op, x);
  require_at_least_1(op, "kernel", options.kernel);
  require_at_least_1(op, "stride", options.stride);
  require_at_least_1(op, "dilation", options.dilation);
  for (const Size2d& size : {options.kernel, options.stride, options.padding, options.dilation})
    require_gemm_extents(op, {size.rows, size.columns});
  return {along(op, x, x[2], options.kernel.rows, options.stride.rows, options.padding.rows,
                options.dilation.rows, options),
          along(op, x, x[3], options.kernel.columns, options.stride.columns, options.padding.columns,
                options.dilation.columns, options)};
}

Pooling make_pooling(const char* op, const Shape& x, Size2d kernel, Size2d stride, Size2d padding) {
  if (stride.rows == 0) stride.rows = kernel.rows;
  if (stride.columns == 0) stride.columns = kernel.columns;
  if (padding.rows > kernel.rows / 2 || padding.columns > kernel.columns / 2) {
    fail<ArgumentError>("{}: padding must be at most half of the kernel ({}, {}), got ({}, {})", op,
                        kernel.rows, kernel.columns, padding.rows, padding.columns);
  }
  const SlidingWindows windows = make_sliding_windows(op, x, {kernel, stride, padding, 1});
  if (windows.image_pixels() == 0) fail<ShapeError>("{}: x must have rows and columns, got {}", op, x);
  return {windows, {x[0], x[1], windows.rows.positions, windows.columns.positions}};
}

}  // namespace xtape
