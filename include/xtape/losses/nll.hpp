// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>

#include "xtape/arrays/array_source.hpp"
#include "xtape/autograd/variable.hpp"
#include "xtape/losses/option_arrays.hpp"
#include "xtape/losses/reduction.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// Options of nll.
struct NllOptions {
  int axis = -1;                ///< the class axis of the log-probabilities
  Weights class_weights = {};   ///< (classes): multiply the loss of the samples of each class
  Weights sample_weights = {};  ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};               ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their sample out
  Reduction reduction = Reduction::mean;          ///< what becomes of the losses
};

/// Negative log-likelihood of the true classes, in nats. For each sample, with its log-probabilities x and
/// its class y:
///
/// @f[
///   L = -x_y \qquad
///   \partial L / \partial x_j = -1 \text{ at } j = y, \text{ else } 0
/// @f]
///
/// After log_softmax that is softmax_cross_entropy, which is exact in the gradient too and does it in one
/// step.
///
///     auto loss = losses::nll(log_softmax(logits), xt::xarray<int>{2, 0, 1});
///
/// @param log_probabilities  (..., classes, ...)
/// @param class_indices      integers of any type, the shape of log_probabilities without the class axis.
/// @return  a scalar; with Reduction::none, the shape of class_indices.
/// @throws ShapeError         class_indices or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws LabelError         a class index is outside [0, classes) and neither masked nor ignored.
/// @throws ArgumentError      there is no such axis, there are no classes, or an option makes no sense.
///
/// Source: torch.nn.functional.nll_loss.
template <class T>
Variable<T> nll(Variable<T> log_probabilities, const Indices& class_indices, const NllOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
