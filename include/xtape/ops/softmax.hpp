// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"

namespace xtape {

/// exp(x) / sum(exp(x)) along an axis, at full relative precision however small a probability is. A slice
/// that holds NaN, or only -inf, gives NaN. The gradient is p (dy - sum(dy p)).
/// @param axis  in [-rank, rank); negative counts from the last.
/// @throws ArgumentError  x has no such axis.
template <class T>
Variable<T> softmax(Variable<T> x, int axis = -1);

/// log(softmax(x)), computed as (x - m) - log1p(rest) with m the largest element and rest the sum of
/// exp(x - m) over the others. The gradient is dy - softmax(x) sum(dy).
/// Axis, NaN and errors as for softmax. For a loss, softmax_cross_entropy is more exact and faster.
template <class T>
Variable<T> log_softmax(Variable<T> x, int axis = -1);

}  // namespace xtape
