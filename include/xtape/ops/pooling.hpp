// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"
#include "xtape/ops/size2d.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// Options of max_pool2d.
struct MaxPool2dOptions {
  Size2d stride = 0;   ///< 0: the kernel's extent
  Size2d padding = 0;  ///< on each of the two sides, at most half of the kernel; never chosen
};

/// Options of avg_pool2d.
struct AvgPool2dOptions {
  Size2d stride = 0;   ///< 0: the kernel's extent
  Size2d padding = 0;  ///< zeros on each of the two sides, at most half of the kernel
  /// Whether the zeros of the padding count as elements of which the mean is taken.
  bool count_include_pad = true;
};

/// @name Pooling
/// Of windows that slide over images (batch, channels, rows, columns). The result is
/// (batch, channels, out_rows, out_columns) with out_rows = (rows + 2 padding - kernel) / stride + 1, rounded
/// down. All throw ShapeError for an x that has not four axes, has no rows or columns, or is smaller than
/// the kernel, and ArgumentError for a kernel of 0 or a padding above half of it.
/// @{

/// The largest element of each window; NaN if one is NaN. The first of several that are equally large
/// receives the gradient, as in PyTorch.
template <class T>
Variable<T> max_pool2d(Variable<T> x, Size2d kernel, const MaxPool2dOptions& options = {});

/// The mean of each window. Over whole images it is mean(x, {2, 3}).
template <class T>
Variable<T> avg_pool2d(Variable<T> x, Size2d kernel, const AvgPool2dOptions& options = {});

/// @}

}  // namespace xtape
#pragma GCC visibility pop
