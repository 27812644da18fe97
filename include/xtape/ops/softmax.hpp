// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// @name Softmax
/// @{

/// Probabilities from scores along an axis, at full relative precision however small a probability is:
///
/// @f[ p_j = \frac{\exp(x_j)}{\sum_k \exp(x_k)} \qquad dx_j = p_j (dy_j - \sum_k dy_k p_k) @f]
///
/// A slice that holds NaN, or only -inf, gives NaN.
///
/// @param axis  in [-rank, rank); negative counts from the last.
/// @throws ArgumentError  x has no such axis.
template <class T>
Variable<T> softmax(Variable<T> x, int axis = -1);

/// The logarithm of softmax(x), with m the largest element and R the sum of exp(x - m) over the others:
///
/// @f[ y_j = (x_j - m) - \mathrm{log1p}(R) \qquad dx_j = dy_j - p_j \sum_k dy_k @f]
///
/// Axis, NaN and errors as for softmax. For a loss, softmax_cross_entropy is more exact and faster.
template <class T>
Variable<T> log_softmax(Variable<T> x, int axis = -1);

/// @}

}  // namespace xtape
#pragma GCC visibility pop
