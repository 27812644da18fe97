// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include "xtape/autograd/variable.hpp"
#include "xtape/losses/labels.hpp"
#include "xtape/losses/option_arrays.hpp"
#include "xtape/losses/reduction.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

/// When the probabilities of a sample are divided by their sum.
enum class Normalization {
  before_clipping,  ///< q = clip(p / sum(p)), as Keras does it
  after_clipping,   ///< q = clip(p) / sum(clip(p)), as TensorFlow does it for class indices
};

/// Options of categorical_cross_entropy; ignore_index is for class indices only.
struct CategoricalCrossEntropyOptions {
  double epsilon = 1e-7;  ///< probabilities are clipped to [epsilon, 1 - epsilon], in T; 0 clips to [0, 1]
  Normalization normalization = Normalization::before_clipping;  ///< where to divide by the sum
  int axis = -1;                                                 ///< the class axis of the probabilities
  Weights class_weights = {};                                    ///< (classes): multiply the labels
  Weights sample_weights = {};  ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};               ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their sample out
  double label_smoothing = 0;                     ///< in [0, 1]: the part of the labels that is spread
  Weights smoothing_prior = {};           ///< (classes), sum 1: what it is spread like; uniform if not given
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Cross-entropy between probabilities and the true classes, in nats. For each sample, with its predictions p
/// and its labels t (those of a class index are 1 there and 0 elsewhere):
///
/// @f[
///   L = -\sum_j t_j \log q_j \qquad
///   q = \mathrm{clip}(p / S, \epsilon, 1 - \epsilon) \qquad
///   S = \sum_j p_j
/// @f]
/// @f[
///   \partial L / \partial p_j = \frac{1}{S} \left( g_j - \sum_k g_k \frac{p_k}{S} \right) \qquad
///   g_j = -t_j / q_j, \text{ 0 where } q_j \text{ was clipped} \qquad
///   \partial L / \partial t_j = -\log q_j
/// @f]
///
/// Clipping hides what it cuts off: a prediction beyond it has gradient 0, however wrong it is. If there are
/// logits, softmax_cross_entropy is exact, faster, and never stops learning.
///
///     auto loss = losses::categorical_cross_entropy(softmax(logits), xt::xarray<int>{2, 0, 1});
///
/// @param probabilities  (..., classes, ...): non-negative; they need not sum to 1.
/// @param labels  integers of any type: class indices, the shape of probabilities without the class axis;
///                reals, bools or a Variable: soft labels, the shape of probabilities.
/// @return        a scalar; with Reduction::none, the shape of probabilities without the class axis.
/// @throws ShapeError         labels or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws LabelError         a class index is outside [0, classes) and neither masked nor ignored.
/// @throws ArgumentError      there is no such axis, there are no classes, or an option makes no sense.
///
/// Source: keras.losses.CategoricalCrossentropy and SparseCategoricalCrossentropy with from_logits=False.
template <class T>
Variable<T> categorical_cross_entropy(Variable<T> probabilities, std::type_identity_t<ClassLabels<T>> labels,
                                      const CategoricalCrossEntropyOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
