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

/// Options of sigmoid_focal.
struct SigmoidFocalOptions {
  double gamma = 2;                    ///< >= 0; 0 gives the cross-entropy
  std::optional<double> alpha = {};    ///< weighs label 1, and 1 - alpha label 0; both 1 if not given
  std::optional<double> epsilon = {};  ///< if given, logarithms are of p clipped to [epsilon, 1 - epsilon]
  std::optional<int> axis = {};  ///< the losses are averaged along it; if not given, each element is a sample
  double temperature = 1;        ///< above 0: divides the logits
  Weights class_weights = {};    ///< broadcast to the shape of logits: multiply each element's loss
  Weights sample_weights = {};   ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};                ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  double label_smoothing = 0;    ///< in [0, 1]: the part of the labels that is replaced by the prior
  double smoothing_prior = 0.5;  ///< the label that smoothing leads to
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Focal loss of independent yes-or-no labels, in nats: the cross-entropy, times a factor that fades for
/// elements that are already right. For each element, with its logit x, its label z, p = sigmoid(x), and the
/// probability m of the wrong answer:
///
/// @f[
///   m = z (1 - p) + (1 - z) p \qquad
///   L = (\alpha z + (1 - \alpha) (1 - z)) \, m^\gamma \, (-z \log p - (1 - z) \log(1 - p))
/// @f]
///
/// Both factors are differentiated, by the labels too. Nothing is clipped and nothing cancels: a gradient is
/// exact in the tails. Only `epsilon` brings in the clipping of Keras, for the same numbers.
///
///     auto loss = losses::sigmoid_focal(logits, labels, {.gamma = 2, .alpha = 0.25});
///
/// @param logits  any shape: log-odds.
/// @param labels  the shape of logits. A Variable receives a gradient.
/// @return        a scalar; with Reduction::none, the shape of logits, without `axis` if that is given.
/// @throws ShapeError         labels or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws ArgumentError      there is no such axis, or an option makes no sense.
///
/// Source: Lin et al., arXiv 1708.02002; optax.losses.sigmoid_focal_loss.
template <class T>
Variable<T> sigmoid_focal(Variable<T> logits, std::type_identity_t<Labels<T>> labels,
                          const SigmoidFocalOptions& options = {});

/// Options of binary_focal.
struct BinaryFocalOptions {
  double gamma = 2;                  ///< >= 0; 0 gives the cross-entropy
  std::optional<double> alpha = {};  ///< weighs label 1, and 1 - alpha label 0; both 1 if not given
  double epsilon = 1e-7;         ///< probabilities in logarithms are clipped to [epsilon, 1 - epsilon], in T
  std::optional<int> axis = {};  ///< the losses are averaged along it; if not given, each element is a sample
  Weights class_weights = {};    ///< broadcast to the shape of probabilities: multiply each element's loss
  Weights sample_weights = {};   ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};                ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  double label_smoothing = 0;    ///< in [0, 1]: the part of the labels that is replaced by the prior
  double smoothing_prior = 0.5;  ///< the label that smoothing leads to
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// The same loss, in nats, of probabilities p of yes: m from p as it is, the logarithms from p clipped. Where
/// m is 0 and gamma is below 1, the loss is 0, its least, with an infinite slope; its gradient there is 0. If
/// there are logits, sigmoid_focal is exact.
///
///     auto loss = losses::binary_focal(sigmoid(logits), labels);
///
/// @param probabilities  any shape; in [0, 1].
/// @param labels  the shape of probabilities. A Variable receives a gradient.
/// @return  a scalar; with Reduction::none, the shape of probabilities, without `axis` if that is given.
/// @throws ShapeError         labels or the mask do not fit.
/// @throws WeightsShapeError  weights do not fit.
/// @throws ArgumentError      there is no such axis, or an option makes no sense.
///
/// Source: keras.losses.BinaryFocalCrossentropy.
template <class T>
Variable<T> binary_focal(Variable<T> probabilities, std::type_identity_t<Labels<T>> labels,
                         const BinaryFocalOptions& options = {});

/// Options of softmax_focal; ignore_index is for class indices only.
struct SoftmaxFocalOptions {
  double gamma = 2;    ///< >= 0; 0 gives the cross-entropy
  Weights alpha = {};  ///< a number or (classes): the class weights of this loss; 1 if not given
  std::optional<double> epsilon = {};  ///< if given, probabilities are clipped to [epsilon, 1 - epsilon]
  int axis = -1;                       ///< the class axis of the logits
  double temperature = 1;              ///< above 0: divides the logits
  Weights sample_weights = {};         ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};        ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  Mask class_mask = {};  ///< (classes) or the shape of logits: false leaves a class out of the softmax
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their sample out
  double label_smoothing = 0;                     ///< in [0, 1]: the part of the labels that is spread
  Weights smoothing_prior = {};           ///< (classes), sum 1: what it is spread like; uniform if not given
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// Focal loss of class scores, in nats. For each sample, with its labels t (those of a class index are 1
/// there and 0 elsewhere) and p = softmax(logits):
///
/// @f[
///   L = -\sum_j \alpha_j t_j (1 - p_j)^\gamma \log p_j
/// @f]
/// @f[
///   \partial L / \partial x_j = p_j \sum_k u_k - u_j \qquad
///   u_j = \alpha_j t_j ((1 - p_j)^\gamma - \gamma (1 - p_j)^{\gamma - 1} p_j \log p_j)
/// @f]
///
/// Nothing is clipped and nothing cancels, unless `epsilon` brings in the clipping of Keras. A class mask
/// works as in softmax_cross_entropy, except that a class index must not be masked.
///
///     auto loss = losses::softmax_focal(logits, xt::xarray<int>{2, 0, 1}, {.gamma = 2});
///
/// @param logits  (..., classes, ...): unnormalised scores.
/// @param labels  integers of any type: class indices, the shape of logits without the class axis;
///                reals, bools or a Variable, which receives a gradient: soft labels, the shape of logits.
/// @return        a scalar; with Reduction::none, the shape of logits without the class axis.
/// @throws ShapeError         labels or a mask do not fit.
/// @throws WeightsShapeError  sample_weights do not fit.
/// @throws LabelError         a class index of a sample that counts is outside [0, classes) or masked.
/// @throws ArgumentError      there is no such axis, there are no classes, or an option makes no sense.
///
/// Sources: Lin et al., arXiv 1708.02002; keras.losses.CategoricalFocalCrossentropy(from_logits=True).
template <class T>
Variable<T> softmax_focal(Variable<T> logits, std::type_identity_t<ClassLabels<T>> labels,
                          const SoftmaxFocalOptions& options = {});

/// Options of categorical_focal; ignore_index is for class indices only.
struct CategoricalFocalOptions {
  double gamma = 2;       ///< >= 0; 0 gives the cross-entropy
  Weights alpha = {};     ///< a number or (classes): the class weights of this loss; 1 if not given
  double epsilon = 1e-7;  ///< probabilities are clipped to [epsilon, 1 - epsilon], in T; 0 clips to [0, 1]
  int axis = -1;          ///< the class axis of the probabilities
  Weights sample_weights = {};  ///< a number, or the shape of the losses, in which extents may be 1
  Mask mask = {};               ///< shaped like sample_weights: false leaves a sample out, whatever it holds
  std::optional<std::int64_t> ignore_index = {};  ///< class indices of this value leave their sample out
  double label_smoothing = 0;                     ///< in [0, 1]: the part of the labels that is spread
  Weights smoothing_prior = {};           ///< (classes), sum 1: what it is spread like; uniform if not given
  Reduction reduction = Reduction::mean;  ///< what becomes of the losses
};

/// The same loss, in nats, of probabilities p: with q = clip(p / sum(p), epsilon, 1 - epsilon) in place of
/// the softmax, so that a clipped entry has no gradient of its own. If there are logits, softmax_focal is
/// exact.
///
///     auto loss = losses::categorical_focal(softmax(logits), xt::xarray<int>{2, 0, 1}, {.alpha = 0.25});
///
/// @param probabilities  (..., classes, ...): non-negative; they need not sum to 1.
/// @param labels  integers of any type: class indices, the shape of probabilities without the class axis;
///                reals, bools or a Variable, which receives a gradient: soft labels, the shape of
///                probabilities.
/// @return        a scalar; with Reduction::none, the shape of probabilities without the class axis.
/// @throws ShapeError         labels or a mask do not fit.
/// @throws WeightsShapeError  sample_weights do not fit.
/// @throws LabelError         a class index is outside [0, classes) and neither masked nor ignored.
/// @throws ArgumentError      there is no such axis, there are no classes, or an option makes no sense.
///
/// Source: keras.losses.CategoricalFocalCrossentropy.
template <class T>
Variable<T> categorical_focal(Variable<T> probabilities, std::type_identity_t<ClassLabels<T>> labels,
                              const CategoricalFocalOptions& options = {});

}  // namespace xtape::losses
#pragma GCC visibility pop
