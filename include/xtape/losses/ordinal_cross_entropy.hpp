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

/// Options of ordinal_cross_entropy.
struct OrdinalCrossEntropyOptions {
  Weights class_weights = {};   ///< (classes): multiply the loss of the samples of each class
  Weights sample_weights = {};  ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};               ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their sample out
  Reduction reduction = Reduction::mean;          ///< what becomes of the losses
};

/// Cross-entropy of classes that have an order, such as grades, in nats: one score for each sample, and
/// thresholds that cut the line of scores into one interval for each class. For each sample with its score x
/// and its class y, where s is the sigmoid:
///
/// @f[
///   L = -\log(s(\theta_y - x) - s(\theta_{y-1} - x)) \qquad
///   \partial L / \partial x = s(x - \theta_y) - s(\theta_{y-1} - x)
/// @f]
///
/// The first class reaches down to minus infinity, the last one up to plus infinity. It is nll of
/// ordinal_log_probabilities, which has the gradient by the thresholds. nn::Ordinal learns thresholds that
/// always rise.
///
///     auto loss = losses::ordinal_cross_entropy(scores, ordinal.thresholds(tape), xt::xarray<int>{0, 2, 1});
///
/// @param scores         any shape
/// @param thresholds     (classes - 1), each above the one before
/// @param class_indices  integers of any type, the shape of scores.
/// @return  a scalar; with Reduction::none, the shape of scores.
/// @throws ShapeError         class_indices, thresholds or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws ValueError         the thresholds do not rise.
/// @throws LabelError         a class index is outside [0, classes) and neither masked nor ignored.
/// @throws ArgumentError      an option makes no sense.
///
/// Source: McCullagh, Regression models for ordinal data (1980).
template <class T>
Variable<T> ordinal_cross_entropy(Variable<T> scores, Variable<T> thresholds, const Indices& class_indices,
                                  const OrdinalCrossEntropyOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
