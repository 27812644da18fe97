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

/// Each option works with every other, but ignore_index only with class indices.
struct SoftmaxCrossEntropyOptions {
  int axis = -1;                ///< the class axis of the logits
  double temperature = 1;       ///< above 0: divides the logits
  Weights class_weights = {};   ///< (classes): multiply the labels
  Weights sample_weights = {};  ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};               ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  Mask class_mask = {};         ///< (classes) or the shape of logits: false leaves a class out of the softmax
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their sample out
  double label_smoothing = 0;                     ///< in [0, 1]: the part of the labels that is spread
  Weights smoothing_prior = {};           ///< (classes), sum 1: what it is spread like; uniform if not given
  double z_loss = 0;                      ///< times log(sum(exp(x)))^2 is added to the loss
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Cross-entropy between class scores and the true classes, in nats. For each sample, with its logits x, p =
/// softmax(x), and its class y, where [j = y] is 1 for that class and 0 for the others:
///
/// @f[
///   L = \log \sum_j \exp(x_j) - x_y \qquad
///   \partial L / \partial x_j = p_j - [j = y]
/// @f]
///
/// or with its soft labels t:
///
/// @f[
///   L = -\sum_j t_j \log p_j \qquad
///   \partial L / \partial x_j = p_j \sum_k t_k - t_j \qquad
///   \partial L / \partial t_j = -\log p_j
/// @f]
///
/// With smoothing a towards a prior r and class weights c, the labels t become @f$ c_j ((1 - a) t_j + a r_j)
/// @f$, where those of class y are 1 at y and 0 elsewhere. Soft labels need not sum to 1: the gradient is the
/// true derivative all the same. A label of 0 contributes 0, also where its logit is -inf.
///
/// Value and gradient keep full relative precision over the whole range of T, for a sample of any margin:
/// with m the largest logit, k its position and R the sum over the others of exp(x_j - m),
///
/// @f[
///   L = (m - x_y) + \mathrm{log1p}(R) \qquad
///   \partial L / \partial x_k = -\frac{R}{1 + R} \text{ for } y = k
/// @f]
///
///     auto loss = losses::softmax_cross_entropy(logits, xt::xarray<int>{2, 0, 1});
///     auto each = losses::softmax_cross_entropy(logits, labels, {.reduction = losses::Reduction::none});
///     auto padded = losses::softmax_cross_entropy(scores, tokens, {.axis = 1, .ignore_index = 0,
///                                                                  .label_smoothing = 0.1});
///
/// The logits x are those given, divided by the temperature, of which nothing is rounded; the gradient is by
/// those given. To distil one network into another, take the same temperature for the soft labels, and
/// multiply the loss by its square.
///
/// Under a class mask the normaliser and the labels hold the other classes only, smoothing spreads over them
/// only, and the gradient of a masked class is exactly 0. A sample with no class left contributes nothing.
/// The logit of a class index counts even if its own class is masked.
///
/// The gradient is computed with the loss and rounded to T before it is multiplied by what comes from above,
/// so a loss that is scaled up afterwards does not bring back gradients below the range of T.
///
/// NaN among a sample's logits, labels or weights, or only logits of -inf, gives NaN; a logit of +inf gives
/// the limit where it exists. What is masked or ignored never contributes, not even NaN.
///
/// @param logits  (..., classes, ...): unnormalised scores, neither probabilities nor their logarithms.
/// @param labels  integers of any type: class indices, the shape of logits without the class axis; reals,
///                bools or a Variable: soft labels, the shape of logits. A Variable receives a gradient.
/// @return        a scalar; with Reduction::none, the shape of logits without the class axis.
/// @throws ShapeError         labels or a mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws LabelError         a class index is outside [0, classes) and neither masked nor ignored.
/// @throws ArgumentError      there is no such axis, there are no classes, or an option makes no sense.
///
/// Sources: Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.4; label smoothing: Szegedy
/// et al., arXiv 1512.00567; temperature: Hinton et al., arXiv 1503.02531; z-loss: Chowdhery et al., arXiv
/// 2204.02311, section 5.
template <class T>
Variable<T> softmax_cross_entropy(Variable<T> logits, std::type_identity_t<ClassLabels<T>> labels,
                                  const SoftmaxCrossEntropyOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
