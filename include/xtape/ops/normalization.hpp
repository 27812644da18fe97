// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/arrays/array_view.hpp"
#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// @name Normalization
/// Means and variances keep full precision where the mean is large beside the deviation: those of floats are
/// computed in double from the distances to one of the elements, and where that loses digits, again from
/// those to the mean; those of doubles in two passes with compensation.
/// @{

/// Options of layer_norm.
struct LayerNormOptions {
  double epsilon = 1e-5;  ///< added to the variance; from 0
};

/// Brings the last axes, those of weight, to mean 0 and variance 1, and then to a mean and a scale of their
/// own:
///
/// @f[ \frac{x - \mathrm{mean}}{\sqrt{\mathrm{variance} + \epsilon}} \, \mathrm{weight} + \mathrm{bias} @f]
///
/// The variance is that of all elements, not the unbiased estimate.
///
/// @param x       (..., normalized axes)
/// @param weight  (normalized axes)
/// @param bias    (normalized axes)
/// @throws ShapeError     the last axes of x have another shape than weight, or bias has.
/// @throws ArgumentError  epsilon is negative or not finite.
/// Source: Ba, Kiros and Hinton, Layer normalization (2016).
template <class T>
Variable<T> layer_norm(Variable<T> x, Variable<T> weight, Variable<T> bias,
                       const LayerNormOptions& options = {});

/// The same without a bias.
template <class T>
Variable<T> layer_norm(Variable<T> x, Variable<T> weight, const LayerNormOptions& options = {});

/// The same with neither, over last axes of the given shape.
template <class T>
Variable<T> layer_norm(Variable<T> x, const Shape& normalized_shape, const LayerNormOptions& options = {});

/// The running mean and the running variance of each channel: (channels) both. They belong to the caller.
template <class T>
struct RunningStatistics {
  ArrayView<T> mean;      ///< (channels)
  ArrayView<T> variance;  ///< (channels)
};

/// Options of batch_norm.
struct BatchNormOptions {
  /// True: with mean and variance of the batch, which go into the running ones. False: with the running ones,
  /// which stay as they are.
  bool training = true;
  /// The share of the batch in the running statistics: they become (1 - momentum) times what they were, plus
  /// momentum times that of the batch. Of the variance the unbiased estimate goes in, as in PyTorch.
  double momentum = 0.1;
  double epsilon = 1e-5;  ///< added to the variance; from 0
};

/// Brings each channel to mean 0 and variance 1, and then to a mean and a scale of its own:
///
/// @f[ \frac{x - \mathrm{mean}}{\sqrt{\mathrm{variance} + \epsilon}} \, \mathrm{weight} + \mathrm{bias} @f]
///
/// with mean and variance of the channel over all other axes. The variance is that of all elements, not the
/// unbiased estimate.
///
/// @param x        (batch, channels, ...)
/// @param weight   (channels)
/// @param bias     (channels)
/// @param running  changed when training, with no_grad() too
/// @throws ShapeError     x has fewer than two axes or, when training, fewer than two values for a channel;
///                        another array has not one number for each channel.
/// @throws ArgumentError  epsilon is negative or not finite, or momentum is not in [0, 1].
/// Source: Ioffe and Szegedy, Batch normalization (2015).
template <class T>
Variable<T> batch_norm(Variable<T> x, Variable<T> weight, Variable<T> bias,
                       const RunningStatistics<T>& running, const BatchNormOptions& options = {});

/// The same without weight and bias.
template <class T>
Variable<T> batch_norm(Variable<T> x, const RunningStatistics<T>& running,
                       const BatchNormOptions& options = {});

/// @}

}  // namespace xtape
#pragma GCC visibility pop
