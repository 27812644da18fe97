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

/// Options of generalized_cross_entropy.
struct GeneralizedCrossEntropyOptions {
  double q = 0.5;               ///< in (0, 1): towards 0 the cross-entropy, towards 1 the mean absolute error
  int axis = -1;                ///< the class axis of the probabilities
  Weights class_weights = {};   ///< (classes): multiply the loss of the samples of each class
  Weights sample_weights = {};  ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};               ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their sample out
  Reduction reduction = Reduction::mean;          ///< what becomes of the losses
};

/// Generalized cross-entropy, for labels that may be wrong. For each sample, with the probability p_y of its
/// class y; nothing is clipped, so the gradient at p_y = 0 is infinite:
///
/// @f[
///   L = (1 - p_y^q) / q \qquad
///   \partial L / \partial p_y = -p_y^{q - 1}
/// @f]
///
///     auto loss = losses::generalized_cross_entropy(softmax(logits), xt::xarray<int>{2, 0, 1}, {.q = 0.7});
///
/// @param probabilities  (..., classes, ...)
/// @param class_indices  integers of any type, the shape of probabilities without the class axis.
/// @return  a scalar; with Reduction::none, the shape of class_indices.
/// @throws ShapeError         class_indices or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws LabelError         a class index is outside [0, classes) and neither masked nor ignored.
/// @throws ArgumentError      q, the axis or another option makes no sense, or there are no classes.
///
/// Source: Zhang and Sabuncu, arXiv 1805.07836; keras.losses.CategoricalGeneralizedCrossEntropy.
template <class T>
Variable<T> generalized_cross_entropy(Variable<T> probabilities, const Indices& class_indices,
                                      const GeneralizedCrossEntropyOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
