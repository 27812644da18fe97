// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "xtape/autograd/variable.hpp"
#include "xtape/ops/pooling.hpp"
#include "xtape/ops/size2d.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// How a kernel goes over images.
struct ConvolutionOptions {
  Size2d stride = 1;    ///< rows and columns from window to window
  Size2d padding = 0;   ///< rows or columns of zeros on each of the two sides
  Size2d dilation = 1;  ///< how far elements of the kernel are apart
  /// Channels are cut into so many groups, and each group of outputs sees one group of inputs; as many as
  /// there are inputs: a depthwise convolution.
  std::size_t groups = 1;
};

/// @name Convolution
/// @{

/// The correlation of images with kernels, which is what networks call a convolution:
///
/// @f[
///   y_{b,o,i,j} = \mathrm{bias}_o + \sum_{c,k,l} \mathrm{weight}_{o,c,k,l} \; x_{b,c,r(i,k),r(j,l)} \qquad
///   r(i, k) = i \cdot \mathrm{stride} + k \cdot \mathrm{dilation} - \mathrm{padding}
/// @f]
///
/// @param x       (batch, in, rows, columns)
/// @param weight  (out, in / groups, kernel rows, kernel columns), as in PyTorch
/// @param bias    (out)
/// @return        (batch, out, out_rows, out_columns), where out_rows, rounded down, is
///                (rows + 2 padding - dilation (kernel rows - 1) - 1) / stride + 1
/// @throws ShapeError     x or weight has not four axes, extents do not fit together, or the kernel is larger
///                        than the padded image.
/// @throws ArgumentError  a stride, a dilation or groups is 0, or groups does not divide in and out.
template <class T>
Variable<T> conv2d(Variable<T> x, Variable<T> weight, Variable<T> bias,
                   const ConvolutionOptions& options = {});

/// The same without a bias.
template <class T>
Variable<T> conv2d(Variable<T> x, Variable<T> weight, const ConvolutionOptions& options = {});

/// relu(conv2d(x, weight, bias, options)), bit for bit, computed together.
template <class T>
Variable<T> conv2d_relu(Variable<T> x, Variable<T> weight, Variable<T> bias,
                        const ConvolutionOptions& options = {});

/// The same without a bias.
template <class T>
Variable<T> conv2d_relu(Variable<T> x, Variable<T> weight, const ConvolutionOptions& options = {});

/// max_pool2d(conv2d_relu(x, weight, bias, options), kernel, pooling), bit for bit. Where the stride of the
/// convolution is 1 and windows of 2 x 2 are side by side, no array is kept between the two.
/// @throws ShapeError, ArgumentError  as the two.
template <class T>
Variable<T> conv2d_relu_max_pool2d(Variable<T> x, Variable<T> weight, Variable<T> bias,
                                   const ConvolutionOptions& options, Size2d kernel,
                                   const MaxPool2dOptions& pooling = {});

/// The same without a bias.
template <class T>
Variable<T> conv2d_relu_max_pool2d(Variable<T> x, Variable<T> weight, const ConvolutionOptions& options,
                                   Size2d kernel, const MaxPool2dOptions& pooling = {});

/// @}

}  // namespace xtape
#pragma GCC visibility pop
