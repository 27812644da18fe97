// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"
#include "xtape/losses/option_arrays.hpp"
#include "xtape/losses/reduction.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// Options of reduce.
struct ReduceOptions {
  Weights sample_weights = {};  ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};               ///< shaped like sample_weights: false leaves a loss out, whatever it holds
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Weighs and reduces losses that were computed in another way, as every loss here does with its own:
/// element i becomes w_i l_i, and then the reduction applies. The gradient of l_i is w_i over the divisor.
///
///     auto loss = losses::reduce(abs(prediction - target), {.sample_weights = weights});
///
/// @param losses  any shape
/// @return        a scalar; with Reduction::none, the shape of losses.
/// @throws WeightsShapeError  sample_weights do not fit.
/// @throws ShapeError         the mask does not fit.
/// @throws ArgumentError      the reduction makes no sense.
///
/// Source: tf.compat.v1.losses.compute_weighted_loss.
template <class T>
Variable<T> reduce(Variable<T> losses, const ReduceOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
